using System.Text.Json;
using CtSeg.Infrastructure.Tests.Bicep;
using CtSeg.Local.Stack;

namespace CtSeg.Infrastructure.Tests.Checks;

/// <summary>For every trigger and output of a function the identity of the functions has a role: the host, and not our code, asks for it.</summary>
internal sealed class BindingsCheck : TemplateCheck
{
    public override Task<IReadOnlyList<string>> FindAsync(Template template)
    {
        var given = RolesCheck.Read(template).Grants.Where(grant => grant is { Program: "functions", Only: null }).Select(grant => (grant.Scope, grant.Role)).ToHashSet();
        return Task.FromResult<IReadOnlyList<string>>([.. Needed().Distinct().Where(need => !given.Contains(need)).Select(need => $"The functions need the role '{need.Role}' on {need.Scope}.")]);
    }

    private static IEnumerable<(string Scope, string Role)> Needed()
    {
        foreach (var file in Directory.GetFiles(Path.Combine(Checkout.Find().Root, "functions"), "function.json", SearchOption.AllDirectories)
                     .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal)))
        {
            using var json = JsonDocument.Parse(File.ReadAllText(file));
            foreach (var binding in json.RootElement.GetProperty("bindings").EnumerateArray())
            {
                var need = binding.GetProperty("type").GetString() switch
                {
                    "blobTrigger" => (NameIn(binding, "path"), "Storage Blob Data Owner"),
                    "queueTrigger" => (NameIn(binding, "queueName"), "Storage Queue Data Contributor"),
                    "serviceBusTrigger" => (NameIn(binding, "queueName"), "Azure Service Bus Data Receiver"),
                    "serviceBus" => (NameIn(binding, "queueName"), "Azure Service Bus Data Sender"),
                    "http" or "httpTrigger" or "timerTrigger" => default((string, string)?),
                    var type => throw new InvalidOperationException($"{file}: say what role a binding of the type {type} needs."),
                };
                if (need is { } role)
                    yield return role;
            }
        }
    }

    /// <summary>Without what follows a slash: names of blobs, the dead letters.</summary>
    private static string NameIn(JsonElement binding, string property) => binding.GetProperty(property).GetString()!.Split('/')[0];
}
