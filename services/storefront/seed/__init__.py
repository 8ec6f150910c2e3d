"""The Fieldfare catalogue: products, texts and pictures made by a deterministic generator.

Everything here is our own work. The code is under the project's licence; what it generates
(catalogue, descriptions, pictures) is dedicated to the public domain (CC0 1.0), so that anyone may
use, change and pass it on without asking.
"""
