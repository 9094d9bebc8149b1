using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using CtSeg.TrainingJob.Inference;

namespace CtSeg.TrainingJob.Bench;

/// <summary>
/// Measures one network in a process of its own: its peak memory is then the network's, and the naive one runs with the system's memory
/// allocation as it is, because keeping memory is part of the fast way.
/// </summary>
internal static class ModelProcess
{
    public const string CommandName = "one-model";
    /// <summary>Told to a process that must not keep freed memory for itself.</summary>
    public const string NaiveFlag = "--naive";

    public static Command CreateCommand()
    {
        var arch = new Option<string>("--arch") { Required = true };
        var levels = new Option<int[]>("--levels") { AllowMultipleArgumentsPerToken = true };
        var width = new Option<int>("--base-channels");
        var size = new Option<int>("--input-size");
        var predictions = new Option<int>("--predictions") { DefaultValueFactory = _ => ModelBench.Predictions };
        var naive = new Option<bool>(NaiveFlag);
        var command = new Command(CommandName) { arch, levels, width, size, predictions, naive };
        command.Hidden = true;
        command.SetAction(arguments =>
        {
            Threads.Fix();
            var network = new BenchedNetwork(
                arguments.GetValue(arch)!, arguments.GetValue(levels) ?? [], arguments.GetValue(width), arguments.GetValue(size), arguments.GetValue(naive));
            Console.WriteLine(JsonSerializer.Serialize(ModelBench.Measure(network, arguments.GetValue(predictions)), BenchLineJson.Default.ModelMeasurement));
        });
        return command;
    }

    /// <exception cref="InvalidOperationException">The process failed.</exception>
    public static async Task<ModelMeasurement> MeasureAsync(BenchedNetwork network, CancellationToken cancellationToken)
    {
        List<string> arguments =
        [
            "bench", CommandName, "--arch", network.Architecture, "--base-channels", $"{network.BaseChannels}", "--input-size", $"{network.InputSize}",
            .. network.AttentionLevels.SelectMany(level => new[] { "--levels", $"{level}" }),
        ];
        if (network.Naive)
            arguments.Add(NaiveFlag);
        using var process = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, arguments) { RedirectStandardOutput = true, UseShellExecute = false })
            ?? throw new InvalidOperationException("The measuring process did not start.");
        try
        {
            var answer = await process.StandardOutput.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            return process.ExitCode == 0
                ? JsonSerializer.Deserialize(answer, BenchLineJson.Default.ModelMeasurement)!
                : throw new InvalidOperationException($"The measuring process ended with {process.ExitCode}.");
        }
        finally
        {
            if (!process.HasExited)
                process.Kill();
        }
    }
}
