using System.Globalization;
using Newtonsoft.Json.Linq;

namespace CtSeg.Local.FunctionsHost;

/// <summary>A Functions app as it lies on disk: host.json and one folder with a function.json per function.</summary>
internal sealed record FunctionApp(string Root, HostSettings Host, AppSettings Settings, IReadOnlyList<FunctionDefinition> Functions)
{
    private static readonly string[] Triggers = ["blobTrigger", "queueTrigger", "serviceBusTrigger", "timerTrigger", "httpTrigger"];
    private static readonly string[] Outputs = ["blob", "queue", "serviceBus", "http"];

    /// <exception cref="FunctionAppException">Something is missing or not understood.</exception>
    public static FunctionApp Load(string root, IReadOnlyDictionary<string, string> settings)
    {
        root = Path.GetFullPath(root);
        AppSettings appSettings = AppSettings.Load(root, settings);
        HostSettings host = HostSettings.Read(Path.Combine(root, "host.json"));
        List<FunctionDefinition> functions = [];
        foreach (string folder in Directory.EnumerateDirectories(root).Order(StringComparer.Ordinal))
        {
            string file = Path.Combine(folder, "function.json");
            if (File.Exists(file) && ReadFunction(Path.GetFileName(folder), JsonFile.Read(file), appSettings) is { } function)
                functions.Add(function);
        }

        if (functions.Count == 0)
            throw new FunctionAppException($"{root} holds no function: each needs a folder with a function.json.");
        return new FunctionApp(root, host, appSettings, functions);
    }

    internal static FunctionDefinition? ReadFunction(string name, JObject json, AppSettings settings)
    {
        if (json.Value<bool?>("disabled") == true || IsTrue(settings.Find($"AzureWebJobs.{name}.Disabled")))
            return null;
        List<Binding> bindings = [.. (json["bindings"] as JArray ?? []).OfType<JObject>().Select(binding => ReadBinding(name, binding, settings))];
        List<Binding> triggers = bindings.FindAll(binding => binding.IsTrigger);
        if (triggers.Count != 1)
            throw new FunctionAppException($"{name}/function.json has {triggers.Count} triggers: a function has exactly one.");
        return new FunctionDefinition(name, triggers[0], bindings.FindAll(binding => binding.IsOutput), ReadRetry(name, triggers[0], json["retry"] as JObject));
    }

    private static Binding ReadBinding(string function, JObject json, AppSettings settings)
    {
        string type = json.Value<string>("type") ?? "";
        string name = json.Value<string>("name") ?? "";
        string direction = json.Value<string>("direction") ?? "in";
        bool isOutput = direction.Equals("out", StringComparison.OrdinalIgnoreCase);
        if (!(isOutput ? Outputs : Triggers).Contains(type, StringComparer.OrdinalIgnoreCase))
            throw new FunctionAppException($"{function}/function.json: the binding type '{type}' (direction '{direction}') is not known here; known are {string.Join(", ", Triggers)} as triggers and {string.Join(", ", Outputs)} as outputs.");
        if (name.Length == 0)
            throw new FunctionAppException($"{function}/function.json: a binding of type '{type}' has no name.");
        return new Binding(function, name, type, isOutput, json, settings);
    }

    private static RetryPolicy? ReadRetry(string function, Binding trigger, JObject? json)
    {
        if (json is null)
            return null;
        if (!trigger.Is("timerTrigger"))
            throw new FunctionAppException($"{function}/function.json: 'retry' exists for timers only, not for {trigger.Type}.");
        int count = json.Value<int?>("maxRetryCount") ?? 0;
        if (json.Value<string>("strategy") == "exponentialBackoff")
        {
            TimeSpan minimum = Interval(json, "minimumInterval"), maximum = Interval(json, "maximumInterval");
            return new RetryPolicy(count, retry => TimeSpan.FromTicks(Math.Min(maximum.Ticks, minimum.Ticks << Math.Min(retry - 1, 20))));
        }

        TimeSpan delay = Interval(json, "delayInterval");
        return new RetryPolicy(count, _ => delay);

        TimeSpan Interval(JObject policy, string property) =>
            TimeSpan.TryParse(policy.Value<string>(property), CultureInfo.InvariantCulture, out TimeSpan value)
                ? value
                : throw new FunctionAppException($"{function}/function.json: retry.{property} is no duration such as 00:00:05.");
    }

    private static bool IsTrue(string? value) => value is "1" || string.Equals(value, "true", StringComparison.OrdinalIgnoreCase);
}
