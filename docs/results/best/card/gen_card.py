import json,re,sys,subprocess,pathlib
R=pathlib.Path('.'); B=R/'docs/results/best'
ev=json.load(open(B/'evaluate.json')); rob=json.load(open(R/'docs/results/robustness.json'))
man=json.load(open(R/'training-job/weights/2026.3/model.json'))
old=subprocess.run(['git','-C',str(R),'show','2d26ef5:docs/model-card.md'],capture_output=True,text=True).stdout
sec=lambda t: next(s for s in old.split('\n## ') if s.startswith(t+'\n'))
def sc(x,f='.3f'):
    i=x['interval']; return f"{x['value']:{f}} ({i['low']:{f}} to {i['high']:{f}})"
F=ev['findings']
rows=['| class | slices | Dice | mean per image | precision | recall | HD95, pixels of 512; slices |','|---|---|---|---|---|---|---|']
def score(x,f='.3f'):
    return '-' if x['value'] is None else sc(x,f)
for f in F:
    rows.append(f"| {f['name'].replace('-',' ')} | {f['slicesWithClass']} | {score(f['dice'])} | {score(f['meanPerImage'])} | {score(f['precision'])} | {score(f['recall'])} | {score(f['hausdorffDistance95'],'.1f')}; {f['slicesWithDistance']} |")
al=['| class | slices without it | of these with more than 100 pixels of it | pixels in all of them |','|---|---|---|---|']
for f in F[1:]:
    a=f['falseAlarms']; al.append(f"| {f['name'].replace('-',' ')} | {a['slicesWithout']} | {a['slicesAlarmed']} | {a['pixels']:,} |")
conf=man['configuration']
off=' '.join(f'{x:g}' for x in conf['classOffsets']); T=f"{conf['temperature']:g}"
at=ev['scores']['attention']
attention=f"{at['infectionDice']:.3f}, {at['infectionDiceLost']:.3f} less ({at['lostInterval']['low']:.3f} to {at['lostInterval']['high']:.3f}), and {100*at['changedLesionPixels']:.0f} % of the lesion pixels"
pub=sec('Published figures on this data set')
pub=re.sub(r'\| these models, 5 folds by group \|.*', '| these models, 5 folds by group | '+' | '.join(f"{f['dice']['value']:.2f}; {f['meanPerImage']['value']:.2f}" for f in F[:3])+' |', pub)
robust=', '.join(f"{d['disturbance']} {d['foreground']['infection']['dice']:.2f}" for d in rob['disturbances'])
IC=R/'docs/results/input-check'
titles={'training':('the 79 slices of the training',),'upright':('upright chest slices of other sources, from DICOM through the lung window; three slices, two distinct pictures',),
 'first':('foreign pictures, first exam',),'second':('second exam',),'third':('third exam, drawn by lot where there are many',),'fourth':('fourth exam',)}
ic=['| pictures | kinds | warned about |','|---|---|---|']
for n,(t,) in titles.items():
    d=json.load(open(IC/f'{n}.json')); k=d['kinds']
    kinds='' if len(k)==1 else ', '.join(f"{x['kind']} {x['warned']} of {x['pictures']}" for x in k)+' '
    ic.append(f"| {t} | {kinds}| {sum(p['warned'] for p in d['pictures'])} of {len(d['pictures'])} |")
s=json.load(open(IC/'slices.json'))['slices']
ic.append(f"| slices that the check was not trained on (`--data DATA`: five checks, each without a fifth of the groups) | | {s['warned']} of {s['slices']} |")
ic.append(f"| the same, spoilt | {', '.join(f'''{k['kind']} {k['warned']} of {k['pictures']}''' for k in s['spoilt'])} | {sum(k['warned'] for k in s['spoilt'])} of {sum(k['pictures'] for k in s['spoilt'])} |")
if 'disturbed' in s: ic.append(f"| the same, disturbed as uploads may be | {len(s['disturbed'])} kinds of [robustness](results/robustness.md) | {sum(k['warned'] for k in s['disturbed'])} of {sum(k['pictures'] for k in s['disturbed'])} |")
v=dict(mb=f"{(R/'training-job/weights/2026.3/weights.safetensors').stat().st_size/1e6:.1f}",data=sec('Data')[len('Data\n\n'):].strip(),minutes=f"{man['training']['minutes']:.0f}",offsets=off,temperature=T,
 scores='\n'.join(rows),alarms='\n'.join(al),micro=sc(ev['microDice']),mean=sc(ev['meanClassDice']),attention=attention,published='## '+pub.strip(),robustness=robust,inputcheck='\n'.join(ic))
v.update(json.load(open('docs/results/best/card/prose.json')))
t=open('docs/results/best/card/card_template.md').read()
t=re.sub(r'\{\{(\w+)\}\}',lambda m:v[m[1]],t)
open(R/'docs/model-card.md','w').write(t)
cal=ev['lesionCalibration']; print('ECE all',sc(ev['calibration']['expectedError']),'lesion',sc(cal['expectedError']))
