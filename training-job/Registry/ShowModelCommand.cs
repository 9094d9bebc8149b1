using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using CtSeg.Models;
using CtSeg.TrainingJob.Evaluation;

namespace CtSeg.TrainingJob.Registry;

/// <summary>`models show V`.</summary>
internal static class ShowModelCommand
{
    private static readonly Argument<string> Version = new("V") { Description = "Version of the model." };
    private static readonly Option<bool> Json = new("--json") { Description = "As JSON." };

    public static Command Create(Func<string?, RegistryAccess> open)
    {
        var command = new Command("show", "Show one model: where it comes from, its scores, the decision about it, when it served.") { Version, Json };
        command.SetAction((arguments, cancellationToken) => ModelsCommand.RunAsync(
            async () =>
            {
                var model = await ReadAsync(open(null), arguments.GetValue(Version)!, cancellationToken);
                if (arguments.GetValue(Json))
                    Console.WriteLine(JsonSerializer.Serialize(model, RegistryJson.Default.ShownModel));
                else
                    Write(model);
                return ExitCodes.Success;
            },
            cancellationToken));
        return command;
    }

    private static async Task<ShownModel> ReadAsync(RegistryAccess registry, string version, CancellationToken cancellationToken)
    {
        var manifest = await registry.Models.FindAsync(version, cancellationToken) ?? throw new DamagedModelException($"There is no model '{version}': 'models list' shows those that there are.");
        var alias = await OrToldAsync(registry.Models.ReadAliasAsync(cancellationToken));
        var moves = await registry.Audit.ListAsync(alias?.Model.MoveId, Console.Error.WriteLine, cancellationToken);
        return new ShownModel(
            manifest,
            alias?.Served == new ServedModel(version, manifest.WeightsSha256),
            (await OrToldAsync(registry.Models.FindTrainedOnAsync(version, cancellationToken)))?.Pictures.Count,
            await OrToldAsync(registry.Models.FindSignatureAsync(version, cancellationToken)),
            await registry.Models.HoldsErasedDataAsync(version, cancellationToken),
            await OrToldAsync(registry.Models.FindDecisionAsync(version, cancellationToken)),
            [.. moves.Where(move => move.Move.To.Version == version || move.Move.From?.Version == version)]);
    }

    /// <summary>One document that cannot be read does not hide the others.</summary>
    private static async Task<T?> OrToldAsync<T>(Task<T?> read)
        where T : class
    {
        try
        {
            return await read;
        }
        catch (DamagedModelException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return null;
        }
    }

    private static void Write(ShownModel model)
    {
        var manifest = model.Manifest;
        var facts = new Table("model", manifest.Version);
        facts.Add("serves", model.Serves ? "yes" : "no");
        facts.Add("created", manifest.CreatedUtc.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture));
        facts.Add("goes on from", manifest.ParentVersion ?? "random weights");
        facts.Add("weights", manifest.WeightsSha256);
        facts.Add("signed", model.Signature is { } signature ? $"by the key {signature.KeyId}" : "no");
        facts.Add("trained", manifest.Training is { } training ? Invariant($"{training.Slices} slices of {training.Groups} groups, {training.Epochs} epochs, {training.Minutes:0.#} minutes") : "no");
        facts.Add("pictures seen", model.Pictures is { } pictures ? Invariant($"{pictures}, those of the models it goes on from included") : "unknown: it is compared with no other");
        if (model.HoldsErasedData)
            facts.Add("erasure", "data that it saw were erased since: train another");
        facts.Write();
        if (manifest.Card is { } card)
            Write(card);
        if (manifest.Scores is { } scores)
        {
            var table = new Table("Dice", "pooled, 95 % interval", "mean per slice", "slices");
            foreach (var score in scores.Foreground.Classes.Prepend(scores.Foreground.Infection))
                table.Add(score.Name, IntervalScore.DiceOf(score).ToText(), new IntervalScore(score.MeanPerImage, score.MeanPerImageInterval).ToText(), Invariant($"{score.SlicesWithClass}"));
            table.Write();
            Console.WriteLine(scores.Note);
        }
        if (model.Decision is { } decision)
            DecisionText.Write(decision, "Passed", "Refused");
        if (model.Moves.Count > 0)
            HistoryCommand.TableOf(model.Moves).Write();
    }

    private static void Write(ModelCard card)
    {
        var table = new Table("card", "in the words of whoever trained it");
        // Whoever published it need not have used this program: what steers a terminal is not passed on.
        void Add(string name, string text) => table.Add(name, string.Concat(text.Select(character => char.IsControl(character) ? ' ' : character)));
        Add("data", card.Data);
        Add("terms of the data", card.DataLicence);
        Add("intended use", card.IntendedUse);
        Add("not intended for", card.NotIntendedFor);
        Add("documentation", card.Documentation);
        table.Write();
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
