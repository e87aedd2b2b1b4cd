"""Data only: texts, theme, icons, fonts, forms, catalogues, trust anchors."""
