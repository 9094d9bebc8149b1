using CtSeg.Models;
using CtSeg.TrainingJob.Model;
using static TorchSharp.torch;
manual_seed(1); set_num_threads(2);
var c = new ModelConfiguration { Architecture = args[0], BaseChannels = int.Parse(args[1]), Cardinality = int.Parse(args[2]), AttentionLevels = args[3].Split(',').Select(int.Parse).ToArray() };
var n = int.Parse(args[4]); var b = int.Parse(args[5]);
using var m = new ResidualAttentionUNet(c);
foreach (var (k, v) in m.state_dict().Take(400)) if (args.Length > 6) Console.WriteLine($"{k} {string.Join(",", v.shape)}");
Console.WriteLine(m.parameters().Sum(p => p.numel()));
var x = randn(1, 1, 369, 369);
m.eval();
for (int i = 0; i < 4; i++) { using var s = NewDisposeScope(); using var im = inference_mode(); var t = System.Diagnostics.Stopwatch.StartNew(); var y = m.call(x); Console.WriteLine($"infer {string.Join(",", y.shape)} {t.ElapsedMilliseconds} ms"); }
m.train();
for (int i = 0; i < 4; i++) { using var s = NewDisposeScope(); var t = System.Diagnostics.Stopwatch.StartNew(); var y = m.call(randn(b, 1, n, n)); var f = t.ElapsedMilliseconds; y.square().mean().backward(); Console.WriteLine($"train fwd {f} total {t.ElapsedMilliseconds} ms"); m.zero_grad(); }
Console.WriteLine(System.Diagnostics.Process.GetCurrentProcess().PeakWorkingSet64 >> 20);
