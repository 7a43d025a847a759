. .exp/setup.sh
nvidia-smi --query-gpu=name --format=csv; time python3 .exp/render.py 27000
export OMP_NUM_THREADS=2 PYTHONUNBUFFERED=1
M='{"layers":[1,1,1,1],"width":16,"patch_size":null}'
run() { timeout 400 python3 .exp/exp.py "$@" > $OUT/$2.log 2>&1 & }
run --name modres16_rank --vision "$M" --size 96 --loss rank
run --name modres16_bce --vision "$M" --size 96 --loss bce
run --name modres16_both --vision "$M" --size 96 --loss both
run --name regx80_rank --vision '{"timm_model_name":"regnetx_002","timm_model_pretrained":false,"timm_pool":"","timm_proj":"linear"}' --size 80 --loss rank
run --name r10t80_rank --vision '{"timm_model_name":"resnet10t","timm_model_pretrained":false,"timm_pool":"","timm_proj":"linear"}' --size 80 --loss rank
run --name mnv4_80_rank --vision '{"timm_model_name":"mobilenetv4_conv_small_050","timm_model_pretrained":false,"timm_pool":"avg","timm_proj":"linear"}' --size 96 --loss rank
run --name vit8_80_rank --vision '{"layers":4,"width":128,"head_width":32,"patch_size":8}' --size 80 --loss rank
run --name modres16_80_rank --vision "$M" --size 80 --loss rank
wait
tail -n 7 $OUT/*.log
