"""The demonstration province: nothing in the product needs it."""
