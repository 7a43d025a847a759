"""GPU experiment: which recipe learns the world."""
import sys, json, math, time, os, types
sys.path.insert(0, "/tmp/none")
import numpy as np, torch, torch.nn.functional as F, open_clip, argparse
from fiftyone_faiss.demo.phrases import sample_queries, queries, bits, caption
p = argparse.ArgumentParser()
p.add_argument("--name"); p.add_argument("--vision"); p.add_argument("--size", type=int, default=96)
p.add_argument("--visits", type=int, default=500000); p.add_argument("--batch", type=int, default=192)
p.add_argument("--rate", type=float, default=1.5e-3); p.add_argument("--loss", default="rank")
p.add_argument("--images", type=int, default=27000); p.add_argument("--cw", type=float, default=0.3)
p.add_argument("--dim", type=int, default=160); p.add_argument("--wd", type=float, default=0.02)
p.add_argument("--smallsize", type=int, default=0); p.add_argument("--smallpart", type=float, default=0.0)
p.add_argument("--evals", type=int, default=6); p.add_argument("--pairw", type=float, default=1.0); p.add_argument("--allpairs", type=int, default=0)
o = p.parse_args()
torch.manual_seed(7); rng = np.random.default_rng(7); dev = "cpu"; torch.set_flush_denormal(True); AC = lambda: torch.autocast("cpu", torch.bfloat16)
cfg = {"embed_dim": o.dim, "vision_cfg": json.loads(o.vision) | {"image_size": o.size}, "text_cfg": {"context_length": 20, "vocab_size": 49408, "width": 96, "heads": 4, "layers": 2}}
d = f"/tmp/m_{o.name}"; os.makedirs(d, exist_ok=True)
json.dump({"model_cfg": cfg, "preprocess_cfg": {"mean": [.5]*3, "std": [.25]*3}}, open(d + "/open_clip_config.json", "w"))
model = open_clip.create_model("local-dir:" + d, load_weights=False).to(dev).to(memory_format=torch.channels_last)
tok = open_clip.get_tokenizer("local-dir:" + d)
nv = sum(x.numel() for x in model.visual.parameters())
z = np.load("/dev/shm/train.npz", allow_pickle=True)
pix = torch.from_numpy(z["pixels"][:o.images]).to(dev); lab = torch.from_numpy(z["labels"][:o.images]).to(dev); caps = list(z["captions"][:o.images])
v = np.load("/dev/shm/val.npz", allow_pickle=True)
vpix, vlab = torch.from_numpy(v["pixels"]).to(dev), v["labels"]
one = torch.from_numpy(v["pixels1"]).to(dev); onelab = v["labels1"]
qs = queries()
cache = {}
def tokens(t):
    for x in t:
        if x not in cache: cache[x] = tok([x])[0]
    return torch.stack([cache[x] for x in t]).to(dev)
def prep(px, size, aug):
    x = px.permute(0, 3, 1, 2).float() / 255
    S = x.shape[-1]
    if aug:
        sh = S // 12
        x = F.pad(x, (sh,) * 4, mode="replicate")
        a, b = (int(i) for i in rng.integers(0, 2 * sh + 1, 2))
        x = x[:, :, a:a + S, b:b + S]
        l = torch.from_numpy(rng.uniform(.8, 1.2, (len(x), 1, 1, 1)).astype(np.float32)).to(dev)
        x = (x * l + float(rng.uniform(0, .03)) * torch.randn(x.shape[1:], device=dev)).clamp(0, 1)
    if size != S: x = F.interpolate(x, size, mode="bilinear", antialias=True)
    return ((x - .5) / .25).contiguous(memory_format=torch.channels_last)
def truthmat(which): return v["truth1" if which else "truth"]
@torch.no_grad()
def evaluate():
    model.eval()
    T = F.normalize(model.encode_text(tokens([q.text for q in qs])), dim=1)
    out = []
    for which, px in ((0, vpix), (1, one)):
        I = torch.cat([F.normalize(model.encode_image(prep(px[i:i+250], o.size, False)), dim=1) for i in range(0, len(px), 250)])
        S = (T @ I.T).cpu().numpy(); tm = truthmat(which); fam = {}
        for q, s, t in zip(qs, S, tm):
            if t.sum() >= 10: fam.setdefault(q.family, []).append(t[np.argsort(-s)[:10]].mean())
        out.append([round(float(np.mean(fam[k])), 3) for k in ("a {object}", "a {colour} {object}", "a {object} {scene}") if k in fam])
    model.train(); return out
scale = torch.nn.Parameter(torch.tensor(math.log(12.0), device=dev)); bias = torch.nn.Parameter(torch.tensor(-6.0, device=dev)); cscale = torch.nn.Parameter(torch.tensor(math.log(12.0), device=dev)); rscale = torch.nn.Parameter(torch.tensor(math.log(12.0), device=dev))
params = [*model.parameters(), scale, bias, cscale, rscale]
opt = torch.optim.AdamW(params, lr=o.rate, weight_decay=o.wd, fused=True)
total = o.visits // o.batch; t0 = time.time(); step = 0; order = []
model.train(); acc = []
def rank(logits, truth):
    # multi-positive: each positive against all negatives of its query
    neg = torch.logsumexp(logits.masked_fill(truth, -1e4), dim=0)       # (q,)
    l = F.softplus(neg[None] - logits)                                  # -log(e^p / (e^p + sum neg))
    n = truth.sum(0); ok = n > 0
    per = (l * truth).sum(0)[ok] / n[ok]
    return per.mean()
while step < total:
    if len(order) < o.batch: order = rng.permutation(len(pix))
    rows, order = torch.from_numpy(order[:o.batch]), order[o.batch:]
    warm = min(1., (step + 1) / 200); fall = .5 * (1 + math.cos(math.pi * step / total))
    for g in opt.param_groups: g["lr"] = o.rate * warm * (.01 + .99 * fall)
    texts, needs = sample_queries(rng)
    size = o.smallsize if step < o.smallpart * total else o.size
    with AC(): I = model.encode_image(prep(pix[rows.to(dev)], size, True))
    I = F.normalize(I.float(), dim=1)
    C = 64; cp = [caps[i] for i in rows[:C].tolist()]
    with AC(): W = model.encode_text(tokens(texts + cp))
    W = F.normalize(W.float(), dim=1)
    L = lab[rows.to(dev)]
    truth = torch.stack([L[:, list(n)].all(1) for n in needs], 1)
    sim = I @ W[:len(texts)].T
    if o.loss == "bce": q = 20 * F.binary_cross_entropy_with_logits(scale.exp() * sim + bias, truth.float(), pos_weight=torch.tensor(4., device=dev))
    elif o.loss == "rank": q = rank(rscale.exp() * sim, truth)
    elif o.loss == "both": q = rank(rscale.exp() * sim, truth) + rank((rscale.exp() * sim).T, truth.T)
    P = cscale.exp() * I[:C] @ W[len(texts):].T; h = torch.arange(C, device=dev)
    c = (F.cross_entropy(P, h) + F.cross_entropy(P.T, h)) / 2
    loss = q + o.cw * c
    opt.zero_grad(set_to_none=True); loss.backward(); torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0); opt.step()
    with torch.no_grad():
        for s in (rscale, cscale, scale): s.clamp_(max=math.log(100))
    step += 1; acc.append((q.detach(), c.detach()))
    if step % max(1, total // o.evals) == 0 or step == total:
        print(f"{o.name} nv={nv/1e6:.2f}M step {step}/{total} visits {step*o.batch//1000}k q {torch.stack([a[0] for a in acc]).mean():.3f} c {torch.stack([a[1] for a in acc]).mean():.3f} s {rscale.exp():.1f}  p@10 [obj, col, scene] {evaluate()} {time.time()-t0:.0f}s", flush=True); acc = []
