"""Files as other programs write them, made for tests; all that they report is invented."""

from __future__ import annotations

import gzip as zipped
import io
import zipfile
import zlib
from collections.abc import Iterable, Sequence

import docx

PARAGRAPH = "The bridge over the Tar was shut on Tuesday after engineers found cracks in pier {}, the council said."


def page(title: str = "Bridge shut", head: str = "", paragraphs: int = 3, body: str = "") -> str:
    told = "".join(f"<p>{PARAGRAPH.format(n)}</p>" for n in range(1, paragraphs + 1))
    return (
        f'<!doctype html><html lang="en-GB"><head><title>{title}</title>{head}</head><body>'
        f'<nav><a href="/">Home</a> <a href="/sport">Sport</a></nav><article><h1>{title}</h1>{told}{body}</article>'
        "<footer>All rights reserved by the Gull.</footer></body></html>"
    )


def pdf_of(objects: Sequence[bytes], trailer: bytes = b"") -> bytes:
    """A PDF file of those objects, numbered from 1, the first being its catalogue."""
    data, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    end = b"trailer << /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF"
    return data + head + table + end % (len(objects) + 1, trailer, len(data))


def pdf(pages: Iterable[Sequence[str]], info: str = "") -> bytes:
    """A PDF file of pages of lines, with those entries of metadata."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"", b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    kids = []
    for lines in pages:
        shown = "".join(f"({line}) Tj T*\n" for line in lines)
        objects.append(stream(f"BT /F1 10 Tf 50 800 Td 14 TL {shown} ET".encode("cp1252")))
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R"
            b" /Resources << /Font << /F1 3 0 R >> >> >>" % len(objects)
        )
        kids.append(b"%d 0 R" % len(objects))
    objects[1] = b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(kids), b" ".join(kids))
    objects.append(f"<< {info} >>".encode())
    return pdf_of(objects, b"/Info %d 0 R" % len(objects))


def stream(data: bytes) -> bytes:
    packed = zlib.compress(data, 9)
    return b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(packed), packed)


def docx_of(document: str | None = None, *paragraphs: str) -> bytes:
    """A DOCX file of those paragraphs, or with that XML in place of its text's."""
    made = docx.Document()
    for paragraph in paragraphs or ("Text.",):
        made.add_paragraph(paragraph)
    plain = io.BytesIO()
    made.save(plain)
    if document is None:
        return plain.getvalue()
    with zipfile.ZipFile(plain) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    return zip_of({**parts, "word/document.xml": document.encode()})


def zip_of(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return made.getvalue()


def warc(*responses: tuple[str, str, str, bytes], gzip: bool = True) -> bytes:
    """A WARC file of responses: address, status, content type, body."""
    records = []
    for url, status, kind, body in responses:
        sent = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n\r\n".encode() + body
        head = (
            f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\nWARC-Date: 2024-03-05T06:07:08Z\r\n"
            f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(sent)}\r\n\r\n"
        )
        records.append(head.encode() + sent + b"\r\n\r\n")
    # A member of its own for each record, as crawlers write them.
    return b"".join(zipped.compress(record) if gzip else record for record in records)


BILLION_LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol0 "lol">'
    + "".join(f'<!ENTITY lol{n} "{f"&lol{n - 1};" * 10}">' for n in range(1, 10))
    + "]>"
)
