#!/usr/bin/env python3
"""Writes the seeds of the fuzz targets, from Protocol/Vectors, into a folder: Fuzz/seeds.py FOLDER."""
import json
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VECTORS = os.path.join(ROOT, "Protocol", "Vectors")
KINDS = ["hello", "knowledge", "changes", "part", "acknowledgement", "error", "done",
         "bundleManifest", "bundleSeal"]


def load(name):
    with open(os.path.join(VECTORS, name), encoding="utf-8") as file:
        return json.load(file)


def data(name):
    with open(os.path.join(VECTORS, name), "rb") as file:
        return file.read()


def seeds():
    for item in load("frames.json")["valid"] + load("frames.json")["invalid"]:
        yield "frame", bytes.fromhex(item.get("frame_hex") or item["hex"])
        if "payload_hex" in item:
            yield "message", bytes([KINDS.index(item["kind"])]) + bytes.fromhex(
                item["payload_hex"])
    file = load("change-sets.json")
    for item in file["valid"] + file["invalid"]:
        body = data(item["body_file"]) if "body_file" in item else bytes.fromhex(item["body_hex"])
        yield "header", bytes.fromhex(item["header_hex"])
        yield "change-set", body
        yield "mutated", bytes(3) + body
    for item in load("clocks.json")["encodings"]:
        if item["type"] == "vector":
            yield "vector", bytes.fromhex(item["hex"])
    for item in load("bundles.json")["valid"]:
        yield "bundle", data(item["file"])


for number, (target, content) in enumerate(seeds()):
    folder = os.path.join(sys.argv[1], target)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, f"seed-{number}"), "wb") as file:
        file.write(content)
