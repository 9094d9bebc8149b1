using System.CommandLine;
using CtSeg.Imaging;
using CtSeg.Segmentation;
using CtSeg.TrainingJob.Tests.Training;

namespace CtSeg.TrainingJob.Tests;

/// <summary>Calls verbs as they are typed, and makes the folder of discs that they are called for.</summary>
internal static class CommandCalls
{
    public const string Recipe = """
        {"epochs":1,"batchSize":3,"inputSize":32,"inputCheckSteps":2,
         "configuration":{"baseChannels":4,"headChannels":4,"attentionLevels":[3],"inputSide":32}}
        """;

    public static (int ExitCode, string Printed, string Errors) RunAndRead(Command command, params string[] arguments) => Read(() => Run(command, arguments));

    public static (int ExitCode, string Printed, string Errors) RunStopped(Command command, params string[] arguments) =>
        Read(() => command.Parse(arguments).InvokeAsync(Configuration(), new CancellationToken(canceled: true)).GetAwaiter().GetResult());

    public static (int ExitCode, string Printed, string Errors) Read(Func<int> run) => Read(run, new StringWriter());

    public static (int ExitCode, string Printed, string Errors) Read(Func<int> run, StringWriter printed)
    {
        var (output, errors) = (Console.Out, Console.Error);
        using var said = new StringWriter();
        Console.SetOut(printed);
        Console.SetError(said);
        try
        {
            return (run(), printed.ToString(), said.ToString());
        }
        finally
        {
            Console.SetOut(output);
            Console.SetError(errors);
        }
    }

    public sealed class ReactingWriter(Action<string?> printed) : StringWriter
    {
        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            printed(value);
        }
    }

    public static int Run(Command command, params string[] arguments) => command.Parse(arguments).Invoke(Configuration());

    public static InvocationConfiguration Configuration() => new() { EnableDefaultExceptionHandler = false, Output = TextWriter.Null, Error = TextWriter.Null };

    /// <returns>A data folder, which also holds the recipe r.json.</returns>
    public static string Write(TemporaryFolder folder, string recipe = Recipe)
    {
        File.WriteAllText(folder["r.json"], recipe);
        Directory.CreateDirectory(folder["images"]);
        Directory.CreateDirectory(folder["masks"]);
        var slices = TrainingRunTests.Circles(6).Slices;
        foreach (var slice in slices)
        {
            File.WriteAllBytes(Path.Combine(folder["images"], slice.Name + ".png"), PngWriter.Grey(slice.Image));
            File.WriteAllBytes(Path.Combine(folder["masks"], slice.Name + ".png"), MaskPng.Write(slice.Mask));
        }
        File.WriteAllLines(folder["slices.csv"], slices.Select(slice => $"{slice.Name},{slice.Group}").Prepend("slice,group"));
        return folder.Path;
    }
}
