using System.Text.Json;
using System.Text.RegularExpressions;
using CtSeg.Infrastructure.Tests.Bicep;
using CtSeg.Local.Stack;

namespace CtSeg.Infrastructure.Tests.Checks;

/// <summary>The hooks of azd find the outputs, functions, containers and files that they name.</summary>
internal sealed partial class HooksCheck : TemplateCheck
{
    public override async Task<IReadOnlyList<string>> FindAsync(Template template)
    {
        var hooks = Directory.GetFiles(Path.Combine(template.Folder, "hooks"), "*.sh").ToDictionary(file => Path.GetFileName(file), File.ReadAllText);
        var named = hooks.Values.SelectMany(hook => Variable().Matches(hook)).Select(match => match.Groups["name"].Value).ToHashSet(StringComparer.Ordinal);
        // What whoever deploys may set.
        named.ExceptWith(DeployPage.Variables);
        var found = new List<string>(await ForEachAsync(template, deployment => named.Except(deployment.Outputs).Select(name => $"A hook reads the output {name}, which there is not.")));
        found.AddRange(Webhooks(template, hooks["subscribe-to-blobs.sh"]));
        var azd = await File.ReadAllTextAsync(Path.Combine(template.Root, "azure.yaml"));
        found.AddRange(hooks.Keys.Where(hook => !azd.Contains($"hooks/{hook}", StringComparison.Ordinal)).Select(hook => $"azure.yaml runs no hook {hook}."));
        return found;
    }

    /// <summary>Every function with a blob trigger is told of the container that it watches.</summary>
    private static IEnumerable<string> Webhooks(Template template, string hook)
    {
        var told = Webhook().Matches(hook).ToDictionary(match => match.Groups["container"].Value, match => match.Groups["function"].Value, StringComparer.Ordinal);
        var watching = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var file in Directory.GetFiles(Path.Combine(Checkout.Find().Root, "functions"), "function.json", SearchOption.AllDirectories).Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal)))
        {
            using var json = JsonDocument.Parse(File.ReadAllText(file));
            foreach (var binding in json.RootElement.GetProperty("bindings").EnumerateArray().Where(binding => binding.GetProperty("type").GetString() == "blobTrigger"))
                watching[binding.GetProperty("path").GetString()!.Split('/')[0]] = Path.GetFileName(Path.GetDirectoryName(file)!);
        }
        foreach (var (container, function) in watching.Where(watch => told.GetValueOrDefault(watch.Key) != watch.Value))
            yield return $"The hook does not tell {function} of blobs in {container}.";
        foreach (var (container, function) in told.Where(one => !watching.ContainsKey(one.Key)))
            yield return $"The hook tells {function} of blobs in {container}, which it does not watch.";
        using var names = JsonDocument.Parse(template.Read("modules/names.json"));
        var subscribed = names.RootElement.GetProperty("uploadContainers").EnumerateArray().Select(name => name.GetString()!).ToHashSet(StringComparer.Ordinal);
        foreach (var container in subscribed.Except(watching.Keys).Concat(watching.Keys.Except(subscribed)))
            yield return $"Functions and subscriptions differ in the container {container}.";
    }

    [GeneratedRegex(@"\$\{?(?<name>(AZURE|CTSEG)_[A-Z_]+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Variable();

    [GeneratedRegex("\"(?<container>[a-z-]+)\": \"\\$\\(webhook (?<function>\\w+)\\)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Webhook();
}
