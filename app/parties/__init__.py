"""Citizens and organisations that an agency deals with."""
