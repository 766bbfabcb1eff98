"""The site pack: everything that stands behind a site's verdict on one document, for paper and as PDF.

What is on it is put together once, as a Document; the page and the PDF only draw it, so neither can say more.
"""
