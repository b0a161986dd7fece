#!/bin/sh
curl -s https://example.com | jq .
