"""Ký trên văn bản: an opinion, the mark of arrival or a copy, signed as the page is shown."""
