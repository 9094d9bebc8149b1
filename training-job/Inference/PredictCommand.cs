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
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var path in arguments.GetValue(Inputs)!.SelectMany(SliceFiles.Of))
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

    private static bool Predict(SliceSegmenter segmenter, string path, string outFolder, HashSet<string> names, TimeProvider time)
    {
        var name = Path.GetFileName(path);
        try
        {
            if (!names.Add(name))
                throw new IOException("another input has the same file name: its result would be overwritten. Rename one of them.");
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
