"""What everything stands on: ids, clock, errors, commands, events, the bus."""
