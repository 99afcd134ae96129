"""How models are printed."""

from refact_lsp.cli.output import echo, print_table
from refact_lsp.core.nouns import Model
from refact_lsp.rpc.messages.setup import ModelsListed


def print_listed(listed: ModelsListed) -> None:
    """Print models, and whose could not be read."""
    print_models(listed.models)
    for problem in listed.problems:
        echo(f"{problem.provider}: {problem.error.message}", err=True)
        if problem.error.hint:
            echo(f"  {problem.error.hint}", err=True)


def print_models(models: tuple[Model, ...]) -> None:
    """Print a line for each model."""
    rows = [
        (
            model.id,
            "yes" if model.enabled else "no",
            f"{model.capabilities.context_window:,}",
            " ".join(model.roles) or "-",
            "" if model.known else "unknown model: safe defaults",
        )
        for model in models
    ]
    print_table(("model", "enabled", "context", "roles", "note"), rows)


def print_model(model: Model) -> None:
    """Print everything known of a model, and who says so."""
    import msgspec

    echo(f"{model.id}  ({model.display_name})")
    for name, value in msgspec.to_builtins(model.capabilities).items():
        source = model.sources.get(name, "default")
        shown = value if isinstance(value, str) else msgspec.json.encode(value).decode()
        echo(f"  {name:<18} {shown}  ({source})")
    for role, reason in model.ineligible.items():
        echo(f"  not for {role}: {reason}")
    if not model.known:
        echo("  nobody knows this model: where it says default, that is only safe. Find out with")
        echo(f"    refact-lsp models probe {model.id}, or say it with refact-lsp models set")
