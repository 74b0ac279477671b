from .cli import main

if __name__ == "__main__":  # not in the worker processes, which import this file too
    main()
