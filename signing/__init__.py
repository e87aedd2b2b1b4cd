"""Sign and check PDFs; the only package that knows pyHanko and PKCS#11. Never imports Qt."""
