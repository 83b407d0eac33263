from deploy.http import serve

if __name__ == "__main__":
    serve("benchmarks.bare.wsgi:application")
