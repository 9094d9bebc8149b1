using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using CtSeg.Models;
using CtSeg.TrainingJob.Evaluation;

namespace CtSeg.TrainingJob.Registry;

/// <summary>`models list`.</summary>
internal static class ListModelsCommand
{
    private static readonly Option<bool> Json = new("--json") { Description = "As JSON, the same as GET /api/models." };

    public static Command Create(Func<string?, RegistryAccess> open)
    {
        var command = new Command("list", "List the models with their scores, and which one serves.") { Json };
        command.SetAction((arguments, cancellationToken) => ModelsCommand.RunAsync(
            async () =>
            {
                var catalogue = await ModelCatalogue.ReadAsync(open(null).Storage, cancellationToken);
                if (arguments.GetValue(Json))
                    Console.WriteLine(JsonSerializer.Serialize(catalogue, ModelsJson.Default.ModelCatalogue));
                else
                    Write(catalogue);
                return ExitCodes.Success;
            },
            cancellationToken));
        return command;
    }

    private static void Write(ModelCatalogue catalogue)
    {
        if (catalogue.Models.Count == 0)
            Console.WriteLine("There are no models: 'models publish FOLDER' brings one into the storage.");
        else
            TableOf(catalogue).Write();
        if (catalogue.Models.Any(model => model.Scores is { Count: > 0 }))
            Console.WriteLine(GroupBootstrap.Caveat);
        foreach (var problem in catalogue.Problems.Concat(catalogue.Models.Where(model => model.Damage is not null).Select(model => $"{model.Version}: {model.Damage}")))
            Console.Error.WriteLine(problem);
    }

    private static Table TableOf(ModelCatalogue catalogue)
    {
        var table = new Table("version", "created", "parent", "infection", "ground-glass", "consolidation", "effusion", "");
        foreach (var model in catalogue.Models)
        {
            table.Add(
            [
                model.Version,
                model.CreatedUtc?.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture) ?? "-",
                model.ParentVersion ?? "-",
                .. Enumerable.Range(0, 4).Select(at => at < model.Scores?.Count ? IntervalScore.DiceOf(model.Scores[at]).ToText() : "-"),
                string.Join(", ", Marks(model, catalogue)),
            ]);
        }
        return table;
    }

    private static IEnumerable<string> Marks(CataloguedModel model, ModelCatalogue catalogue)
    {
        if (model.Damage is not null)
            yield return "cannot be used";
        if (catalogue.Current is { } current && (current.Version, current.WeightsSha256) == (model.Version, model.WeightsSha256))
            yield return "serves";
        if (catalogue.Shadow?.Model.Version == model.Version)
            yield return "in shadow";
        if (model.HoldsErasedData)
            yield return "saw data that were erased since";
        if (model.Damage is null && !model.KnowsItsData)
            yield return "training data unknown";
        if (model.IsSigned)
            yield return "signed";
    }
}
