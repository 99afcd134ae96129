"""The command line's root."""

import click

from refact_lsp.version import VERSION


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="refact-lsp")
def run() -> None:
    """Complete, chat and search with your own models."""
