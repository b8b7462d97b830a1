"""trio: tasks live in a nursery, and none of them outlives it.

The block ends when all of its tasks have: by themselves, by a time limit, or because one failed.
"""

try:
    import trio
except ImportError:
    raise SystemExit("This program needs the package trio: python -m pip install trio")

# --- settings: change them and run the program again ---
ENDS = "by itself"  # the nursery ends "by itself", by a "time limit", or because "one fails"
CHILDREN = 4
SECONDS = 0.2  # the first child sleeps so long, the second twice as long, and so on
LIMIT = 0.5  # for "time limit": then all that are left are cancelled
# --- end of settings ---


async def child(number):
    print(f"child {number} begins", flush=True)
    try:
        await trio.sleep(number * SECONDS)
        if ENDS == "one fails" and number == 2:
            raise ValueError("child 2 does not feel well")
        print(f"child {number} is done", flush=True)
    except trio.Cancelled:
        print(f"child {number} is cancelled", flush=True)
        raise  # a cancellation must not be swallowed


async def family():
    async with trio.open_nursery() as nursery:
        for number in range(1, CHILDREN + 1):
            nursery.start_soon(child, number, name=f"child-{number}")
        print("parent: has started them all", flush=True)
    print("parent: the nursery ended by itself", flush=True)


async def main():
    if ENDS == "time limit":
        with trio.move_on_after(LIMIT):
            await family()
    else:
        try:
            await family()
        except Exception as error:
            print(f"parent: {type(error).__name__}: {error}", flush=True)
    print("parent: the nursery is over", flush=True)


if __name__ == "__main__":
    trio.run(main)
