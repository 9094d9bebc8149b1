using System.CommandLine;
using CtSeg.DataSets;
using CtSeg.Models;
using CtSeg.TrainingJob.Inference;
using CtSeg.TrainingJob.Promotion;

namespace CtSeg.TrainingJob.Registry;

/// <summary>`models promote V`.</summary>
internal static class PromoteCommand
{
    private const int MaxDecisions = 5;

    private static readonly Argument<string> Version = new("V") { Description = "Version of the model that is to serve." };
    private static readonly Option<bool> Force = new("--force") { Description = "Without a comparison. The audit keeps who did it and why." };
    private static readonly Option<string?> Reason = new("--reason") { Description = "Why, one sentence; needed with --force." };
    private static readonly Option<bool> Json = new("--json") { Description = "As JSON." };
    private static readonly Option<int?> ThreadCount = Threads.CreateOption();
    private static readonly Option<string> Device = ComputeDevice.CreateOption();

    public static Command Create(Func<string?, RegistryAccess> open)
    {
        var command = new Command("promote", """
            Put a model into use, if it is proven not worse in any class and better overall on the locked set. Ends with 1 where it is refused.

            Examples:
              models promote 2026.4
              models promote 2026.2 --force --reason "2026.3 marks vessels as consolidation on our slices"
            """)
        {
            Version, Force, Reason, GateTerms.Margin, GateTerms.Level, GateTerms.MinGroups, Json, ModelsCommand.TrustedKeysOption, ThreadCount, Device,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(Force) && string.IsNullOrWhiteSpace(result.GetValue(Reason)))
                result.AddError($"{Force.Name} needs {Reason.Name}: say in a sentence why this model must serve.");
        });
        command.SetAction((arguments, cancellationToken) => ModelsCommand.RunAsync(
            async () =>
            {
                var registry = open(arguments.GetValue(ModelsCommand.TrustedKeysOption));
                var answer = arguments.GetValue(Force)
                    ? await ForceAsync(registry, arguments.GetValue(Version)!, arguments.GetValue(Reason)!.Trim(), cancellationToken)
                    : await ProveAsync(registry, arguments, cancellationToken);
                AliasMoves.Write(answer, arguments.GetValue(Json));
                return answer.Moved || answer.Reason == AlreadyServes ? ExitCodes.Success : ExitCodes.Failure;
            },
            cancellationToken));
        return command;
    }

    private const string AlreadyServes = "The model serves already; nothing changed.";

    private static async Task<MoveAnswer> ForceAsync(RegistryAccess registry, string version, string reason, CancellationToken cancellationToken)
    {
        var model = await registry.Alias.FindUsableAsync(version, cancellationToken);
        await AliasMoves.WarnOfErasureAsync(registry, model, cancellationToken);
        var move = registry.Alias.NewMove(AliasMoveKind.Forced, model, registry.User, reason);
        AliasMoveOutcome outcome;
        try
        {
            var read = await registry.Models.ReadAliasAsync(cancellationToken);
            if (read?.Served == model)
                return new MoveAnswer(false, AlreadyServes, null, null);
            outcome = await registry.Alias.MoveAsync(read, move, cancellationToken);
        }
        catch (DamagedModelException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            outcome = await registry.Alias.RepairAsync(move, cancellationToken);
        }
        await AliasMoves.TellAsync(registry, outcome, cancellationToken);
        return new MoveAnswer(outcome.Done, outcome.Done ? reason : $"Another model, {outcome.Alias?.Model.Version}, was put into use meanwhile; nothing changed.", null, outcome.Move);
    }

    private static async Task<MoveAnswer> ProveAsync(RegistryAccess registry, ParseResult arguments, CancellationToken cancellationToken)
    {
        Threads.Fix(arguments.GetValue(ThreadCount));
        ComputeDevice.Fix(arguments.GetValue(Device)!);
        var terms = GateTerms.Read(arguments);
        var version = arguments.GetValue(Version)!;
        var model = await registry.Alias.FindUsableAsync(version, cancellationToken);
        for (var decisions = 0; decisions < MaxDecisions; decisions++)
        {
            var read = await registry.Models.ReadAliasAsync(cancellationToken)
                ?? throw new AliasMoveRefusedException($"No model is in use, so there is none to compare {version} with: give {Force.Name} and {Reason.Name}.");
            if (read.Served == model)
                return new MoveAnswer(false, AlreadyServes, null, null);
            if (await registry.Models.HoldsErasedDataAsync(version, cancellationToken))
                throw new AliasMoveRefusedException($"Data that {version} has learnt from were erased since: train another, or give {Force.Name} and {Reason.Name}.");
            var shadow = await new RunOfModel(registry).FindShadowAsync(read.Served, model, cancellationToken);
            var decision = await DecideAsync(registry, read.Model.Version, version, terms, shadow, cancellationToken);
            var hash = await registry.Models.StoreDecisionAsync(version, decision, cancellationToken);
            if (!decision.Promote)
                return new MoveAnswer(false, decision.Reason, decision, null);
            var reason = arguments.GetValue(Reason)?.Trim() is { Length: > 0 } given ? $"{given} {decision.Reason}" : decision.Reason;
            var outcome = await registry.Alias.MoveAsync(
                read, registry.Alias.NewMove(AliasMoveKind.Promotion, model, registry.User, reason) with { DecisionSha256 = hash }, cancellationToken);
            await AliasMoves.TellAsync(registry, outcome, cancellationToken);
            if (outcome.Done)
                return new MoveAnswer(true, decision.Reason, decision, outcome.Move);
            await Console.Error.WriteLineAsync($"{outcome.Alias?.Model.Version} was put into use meanwhile: {version} is compared with it.");
        }
        throw new AliasMoveRefusedException($"Another model was put into use during each of {MaxDecisions} comparisons: try again later.");
    }

    private static async Task<PromotionDecision> DecideAsync(
        RegistryAccess registry, string champion, string challenger, PromotionTerms terms, (ShadowTerms, ShadowSummary)? shadow, CancellationToken cancellationToken)
    {
        var data = new DataSetStore(registry.Storage, registry.Time) { Damaged = document => Console.Error.WriteLine(document) };
        var set = await ComparisonSet.LockedAsync(data, cancellationToken);
        var result = await new ModelComparison(registry.Models, new PromotionChain(registry.Storage), registry.Trusted).CompareAsync(champion, challenger, set, CompareCommand.ShowProgress(), cancellationToken);
        return PromotionGate.Decide(terms, result.Compared, shadow, registry.Time.GetUtcNow().UtcDateTime);
    }
}
