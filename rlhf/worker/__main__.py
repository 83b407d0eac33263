from rlhf.worker.main import live

live()
