"""As much of curl as the greeting uses, because a clean machine may have none."""

import argparse
import sys

import httpx

parser = argparse.ArgumentParser()
parser.add_argument("-s", action="store_true")
parser.add_argument("-H", dest="headers", action="append", default=[])
parser.add_argument("-d", dest="body")
parser.add_argument("url")
asked = parser.parse_args()
headers = dict(header.split(": ", 1) for header in asked.headers)
method = "GET" if asked.body is None else "POST"
answer = httpx.request(method, asked.url, headers=headers, content=asked.body)
sys.stdout.write(answer.text)
