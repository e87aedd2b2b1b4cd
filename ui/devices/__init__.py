"""Kiểm tra thiết bị ký số: whether one can sign here, and what to do where not."""
