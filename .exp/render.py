import sys, os, numpy as np
sys.path.insert(0, "/tmp/none")
from concurrent.futures import ProcessPoolExecutor
from PIL import Image
from fiftyone_faiss.demo.phrases import bits, caption, queries
from fiftyone_faiss.demo.world import draw_picture
S = 96
def job(a):
    seed, n, count = a; rng = np.random.default_rng(seed); px=[]; lb=[]; cp=[]; tr=[]
    qs = queries()
    for _ in range(n):
        p = draw_picture(rng, count); px.append(np.asarray(p.image.resize((S, S), Image.Resampling.BICUBIC))); lb.append(bits(p)); cp.append(caption(p)); tr.append([q.is_true_of(p) for q in qs])
    return np.array(px), np.array(lb), cp, np.array(tr).T
def run(n, seed, count=None):
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        r = list(pool.map(job, [(seed*1000000+i, 250, count) for i in range(n//250)]))
    return np.concatenate([x[0] for x in r]), np.concatenate([x[1] for x in r]), sum([x[2] for x in r], []), np.concatenate([x[3] for x in r], 1)
if __name__ == "__main__":
    a = run(int(sys.argv[1]), 7); np.savez("/dev/shm/train.npz", pixels=a[0], labels=a[1], captions=np.array(a[2], dtype=object))
    b = run(1000, 99); c = run(2000, 98, 1)
    np.savez("/dev/shm/val.npz", pixels=b[0], labels=b[1], truth=b[3], pixels1=c[0], labels1=c[1], truth1=c[3])
