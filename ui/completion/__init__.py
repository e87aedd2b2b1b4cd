"""Hoàn thiện chữ ký: what is still to be added to signatures, or to be judged again."""
