using System.CommandLine;
using System.Globalization;
using CtSeg.Imaging;
using CtSeg.TrainingJob.Registry;

namespace CtSeg.TrainingJob.Inference;

/// <summary>`ctseg-job predict`: the model alone, on files.</summary>
internal static class PredictCommand
{
    private static readonly Argument<string[]> Inputs = new Argument<string[]>("IN") { Arity = ArgumentArity.OneOrMore, Description = "Slices (PNG, JPEG, TIFF), or folders of them." }.AcceptNoEmptyPath();
    private static readonly Option<string> Out = PathOption.Required("--out", "Results go to OUT/{file name}/.");
    private static readonly Option<string?> Model = PathOption.Create("--model", "Model folder; the shipped weights if not given.");
    private static readonly Option<int?> ThreadCount = Threads.CreateOption();
    private static readonly Option<string> Device = ComputeDevice.CreateOption();

    public static Command Create()
    {
        var command = new Command("predict", """
            Segment slices without the pipeline.

            Examples:
              predict slice.png --out out
              predict scans/ --out out --model models/mine
            """)
        {
            Inputs, Out, Model, ThreadCount, Device,
        };
        command.Action = new LongWork(Run, "Stopped; what is in OUT stays. The same command begins anew.");
        return command;
    }

    private static int Run(ParseResult arguments, CancellationToken cancellationToken)
    {
        Threads.Fix(arguments.GetValue(ThreadCount));
        ComputeDevice.Fix(arguments.GetValue(Device)!);
        var outFolder = arguments.GetValue(Out)!;
        OutputFolder.Prepare(outFolder);
        using var segmenter = SliceSegmenter.Load(arguments.GetValue(Model) ?? ShippedModel.Folder(ShippedModel.Root));
        var (completed, failed) = (0, 0);
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var path in Find(arguments.GetValue(Inputs)!, ref failed))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (Predict(segmenter, path, outFolder, names, TimeProvider.System))
                completed++;
            else
                failed++;
        }
        Console.WriteLine($"{completed} completed, {failed} failed");
        return failed == 0 && completed > 0 ? ExitCodes.Success : ExitCodes.Failure;
    }

    /// <param name="failed">Counts on for every input that names no slice.</param>
    private static List<string> Find(string[] inputs, ref int failed)
    {
        var paths = new List<string>();
        foreach (var input in inputs)
        {
            List<string> found = Path.Exists(input) ? [.. SliceFiles.Of(input)] : [];
            paths.AddRange(found);
            if (found.Count > 0)
                continue;
            failed++;
            Console.Error.WriteLine(Path.Exists(input)
                ? $"No slices in '{input}': give a folder that holds PNG, JPEG or TIFF files itself, not in folders below it."
                : $"'{input}' does not exist: give files or folders of PNG, JPEG or TIFF slices.");
        }
        return paths;
    }

    /// <param name="names">The paths of those before, by file name.</param>
    private static bool Predict(SliceSegmenter segmenter, string path, string outFolder, Dictionary<string, string> names, TimeProvider time)
    {
        var name = Path.GetFileName(path);
        try
        {
            if (!names.TryAdd(name, path))
                throw new IOException($"'{path}' has the same file name as '{names[name]}', whose result it would overwrite: rename one of them.");
            var result = PredictedSlice.Predict(segmenter, name, File.ReadAllBytes(path), time);
            result.Save(Path.Combine(outFolder, name));
            var shares = string.Join(", ", result.Metrics.Lesions.Select(lesion =>
                string.Create(CultureInfo.InvariantCulture, $"{lesion.Class} {lesion.Share:P1}")));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: {shares} ({result.Metrics.DurationsMs.Inference:F0} ms)"));
            if (result.Metrics.InputCheck is { Warning: { } warning } check)
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: WARNING (score {check.Score:F2}) {warning}"));
            return true;
        }
        catch (SliceRejectedException exception)
        {
            Console.Error.WriteLine($"{name}: {exception.Message} {exception.Action}");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"{name}: {exception.Message}");
        }
        return false;
    }
}
