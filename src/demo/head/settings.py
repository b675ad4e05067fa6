"""Settings that users of the shop may import and export."""

import hashlib
import pickle
import subprocess

import requests
import yaml


def load_backup(path):
    with open(path, "rb") as file:
        return pickle.load(file)


def import_settings(upload):
    return yaml.load(upload.read(), Loader=yaml.Loader)


def convert_logo(name):
    subprocess.run("/usr/bin/convert " + name, shell=True, check=True)


def cache_key(text):
    return hashlib.md5(text.encode()).hexdigest()


def restore_cart(session):
    # mergegate: allow[pickle-load] written by ourselves into a signed cookie, see SEC-123
    return pickle.loads(session.signed_value("cart"))


def fetch_rates():
    return requests.get("https://rates.example/latest", timeout=5).json()
