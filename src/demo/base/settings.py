"""Settings that users of the shop may import and export."""

import pickle

import requests


def load_backup(path):
    with open(path, "rb") as file:
        return pickle.load(file)


def fetch_rates():
    return requests.get("https://rates.example/latest", timeout=5).json()
