using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using CtSeg.DataSets;
using CtSeg.Models;
using CtSeg.TrainingJob.Inference;
using CtSeg.TrainingJob.Promotion;
using CtSeg.TrainingJob.Training;

namespace CtSeg.TrainingJob.Registry;

/// <summary>`models compare A B`.</summary>
internal static class CompareCommand
{
    private static readonly Argument<string> Champion = new("A") { Description = "Version in the champion's place." };
    private static readonly Argument<string> Challenger = new("B") { Description = "Version in the challenger's place." };
    private static readonly Option<string?> Data = PathOption.Create("--data", "Data folder instead of the locked set; slices that either model learnt from are left out.");
    private static readonly Option<bool> Json = new("--json") { Description = "The decision as JSON." };
    private static readonly Option<int?> ThreadCount = Threads.CreateOption();
    private static readonly Option<string> Device = ComputeDevice.CreateOption();

    public static Command Create(Func<string?, RegistryAccess> open)
    {
        var command = new Command("compare", "Compare two models on the locked set, as a promotion would. Nothing is stored and nothing moves.")
        {
            Champion, Challenger, Data, GateTerms.Margin, GateTerms.Level, GateTerms.MinGroups, Json, ModelsCommand.TrustedKeysOption, ThreadCount, Device,
        };
        command.SetAction((arguments, cancellationToken) => ModelsCommand.RunAsync(
            async () =>
            {
                Threads.Fix(arguments.GetValue(ThreadCount));
                ComputeDevice.Fix(arguments.GetValue(Device)!);
                var terms = GateTerms.Read(arguments);
                var registry = open(arguments.GetValue(ModelsCommand.TrustedKeysOption));
                var set = arguments.GetValue(Data) is { } folder
                    ? ComparisonSet.Of(TrainingData.Load(folder))
                    : await ComparisonSet.ReadAsync(new DataSetStore(registry.Storage, registry.Time) { Damaged = document => Console.Error.WriteLine(document) }, cancellationToken);
                var result = await new ModelComparison(registry.Models, new PromotionChain(registry.Storage), registry.Trusted).CompareAsync(
                    arguments.GetValue(Champion)!, arguments.GetValue(Challenger)!, set, ShowProgress(), cancellationToken);
                var decision = PromotionGate.Decide(terms, result.Compared, shadow: null, registry.Time.GetUtcNow().UtcDateTime);
                if (arguments.GetValue(Json))
                    Console.WriteLine(JsonSerializer.Serialize(decision, ModelsJson.Default.PromotionDecision));
                else
                    Write(decision, result.LeftOut);
                return decision.Slices > 0 ? ExitCodes.Success : ExitCodes.Failure;
            },
            cancellationToken));
        return command;
    }

    /// <returns>Counts slices on standard error: in place on a terminal, in lines in a pipe.</returns>
    public static Action<int, int> ShowProgress() => Console.IsErrorRedirected
        ? InLines(Console.Error, TimeProvider.System)
        : (done, of) => Console.Error.Write(string.Create(CultureInfo.InvariantCulture, $"\r{done} of {of} slices{(done == of ? "\n" : "")}"));

    /// <summary>The first slice is a line, the last, and one in a minute between them.</summary>
    public static Action<int, int> InLines(TextWriter output, TimeProvider time)
    {
        var lines = new LineEveryMinute(output, time);
        return (done, of) =>
        {
            if (done == 1 || done == of || lines.IsDue)
                lines.Write(string.Create(CultureInfo.InvariantCulture, $"{done} of {of} slices"));
        };
    }

    private static void Write(PromotionDecision decision, int leftOut)
    {
        if (decision.Slices == 0)
        {
            Console.WriteLine(leftOut == 0
                ? "There is nothing to compare them on: no slice is locked yet ('data list')."
                : string.Create(CultureInfo.InvariantCulture, $"There is nothing to compare them on: of all {leftOut} slices one of the models knows a picture of the group."));
            return;
        }
        DecisionText.Write(decision, "Would be promoted", "Would be refused");
        if (leftOut > 0)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{leftOut} slices are left out: one of the models knows a picture of their group."));
    }
}
