"""How somebody finds address and key of a CRM that is not in the list."""

from providers.declare import Guide

ADDRESS = Guide(
    who="Whoever may make an API key in your CRM, mostly its administrator or a developer.",
    steps=(
        "Open your CRM's documentation for developers, and find the address of its API.",
        "Find a request that answers with JSON, best one that says whose key it is. What stands "
        "behind the address is the path to test.",
        "Make a key in your CRM that may only read, and copy it.",
        "See in the documentation how the key is sent: as a bearer token, in a header of its own "
        "or as a password.",
        "Enter all of it in the dialog.",
    ),
    lasts="As long as your CRM says. Ask whoever made the key when it ends.",
    pitfalls=(
        "The address of the page that you see in the browser is not the one of the API.",
        "An address that forwards to another one is refused: enter the final one.",
        "An address in a private network is refused until whoever runs this installation allows "
        "it.",
    ),
)
