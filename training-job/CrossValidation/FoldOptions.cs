using System.Text.Json.Nodes;
using CtSeg.TrainingJob.Training;

namespace CtSeg.TrainingJob.CrossValidation;

/// <summary>The options that folds ran with, as their results hold them. Those that were planned may be others: wanted steps decide the epochs fold by fold.</summary>
internal sealed class FoldOptions
{
    private static readonly HashSet<string> Unused = FindUnused();

    // A network's row has them in columns of their own.
    private static readonly HashSet<string> InColumns = new(StringComparer.Ordinal) { "configuration.architecture", "views", "epochs", "seed" };

    private const string DecidedWhenBuilt = "configuration.exactAttentionLevels";

    private readonly HashSet<string> _shared;

    /// <param name="folds">Of all networks.</param>
    public FoldOptions(IReadOnlyList<FoldResult> folds)
    {
        var isVaried = folds.Any(fold => fold.Options.Views == Views.Varied);
        bool Applies(string path) => !Unused.Contains(path) && (isVaried || !path.StartsWith("variation.", StringComparison.Ordinal));
        var all = folds.Select(fold => OptionPaths.Of(fold.Options)).ToList();
        _shared = [.. all[0].Keys.Where(path => !Applies(path) || (!InColumns.Contains(path) && all.TrueForAll(one => JsonNode.DeepEquals(one.GetValueOrDefault(path), all[0][path]))))];
        Shared = Nested(all[0].Where(option => _shared.Contains(option.Key) && Applies(option.Key)));
    }

    /// <summary>The options without those that play no part in a fold: it holds out what the folds say, learns no input check and is scored at its end only.</summary>
    public static TrainingOptions Used(TrainingOptions options) => options with { HeldOutShare = 0, InputCheckSteps = 0, ScoreEvery = 0 };

    /// <value>What every fold ran with, as a recipe file has it.</value>
    public JsonObject Shared { get; }

    /// <summary>By path, with what columns do not hold and other networks do not share; an array where folds differ.</summary>
    /// <param name="folds">Of one network.</param>
    public JsonObject OwnOf(IReadOnlyList<FoldResult> folds)
    {
        var own = new JsonObject();
        foreach (var option in folds.SelectMany(fold => OptionPaths.Of(fold.Options)).Where(option => !_shared.Contains(option.Key) && !InColumns.Contains(option.Key)).GroupBy(option => option.Key))
        {
            var values = option.Select(one => one.Value?.ToJsonString() ?? "null").Distinct().Select(json => JsonNode.Parse(json)).ToArray();
            own[option.Key] = values.Length == 1 ? values[0] : new JsonArray(values);
        }
        return own;
    }

    /// <summary>Whether a run would train as others did.</summary>
    /// <param name="shared">As <see cref="Shared"/> of the others.</param>
    /// <returns>The first option, by path, of another value; null where there is none.</returns>
    public static string? Differing(JsonObject shared, TrainingOptions planned)
    {
        var own = OptionPaths.Of(planned);
        return OptionPaths.Of(shared).Where(option => option.Key != DecidedWhenBuilt)
            .FirstOrDefault(option => !own.TryGetValue(option.Key, out var value) || !JsonNode.DeepEquals(value, option.Value)).Key;
    }

    // What Used changes of the defaults, none of which stands for an option without use.
    private static HashSet<string> FindUnused()
    {
        var (all, used) = (OptionPaths.Of(new TrainingOptions()), OptionPaths.Of(Used(new TrainingOptions())));
        return [.. all.Keys.Where(path => !JsonNode.DeepEquals(all[path], used[path]))];
    }

    private static JsonObject Nested(IEnumerable<KeyValuePair<string, JsonNode?>> values)
    {
        var root = new JsonObject();
        foreach (var (path, value) in values)
        {
            var names = path.Split('.');
            var part = root;
            foreach (var name in names[..^1])
                part = (part[name] ??= new JsonObject()).AsObject();
            part[names[^1]] = value?.DeepClone();
        }
        return root;
    }
}
