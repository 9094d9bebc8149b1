using System.Text.RegularExpressions;
using CtSeg.Infrastructure.Tests.Bicep;

namespace CtSeg.Infrastructure.Tests.Checks;

/// <summary>Nothing hands a key on: programs have identities.</summary>
internal sealed partial class SecretsCheck : TemplateCheck
{
    public override async Task<IReadOnlyList<string>> FindAsync(Template template)
    {
        var found = new List<string>();
        foreach (var file in Directory.GetFiles(template.Folder, "*.bicep", SearchOption.AllDirectories))
            if (KeyFunction().Match(await File.ReadAllTextAsync(file)) is { Success: true } match)
                found.Add($"{Path.GetFileName(file)} reads a key: {match.Value}");
        found.AddRange(await ForEachAsync(template, deployment =>
            deployment.Resources.SelectMany(resource => Secret().Matches(resource.Body.GetRawText()).Select(match => $"{resource.Type} {resource.Name} holds {match.Value}."))
                .Concat(deployment.Outputs.Where(name => SecretName().IsMatch(name)).Select(name => $"The output {name} has the name of a secret."))));
        return found;
    }

    [GeneratedRegex(@"\blist(Keys|AccountSas|ServiceSas|Secrets|Credentials)\b|\.list\w*\(", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex KeyFunction();

    [GeneratedRegex("AccountKey=|SharedAccessKey=|SharedAccessSignature|[?&]sig=", RegexOptions.IgnoreCase, 1000)]
    private static partial Regex Secret();

    [GeneratedRegex("KEY|SECRET|PASSWORD|CONNECTION_?STRING|SAS", RegexOptions.IgnoreCase, 1000)]
    private static partial Regex SecretName();
}
