using System.Text.Json;
using System.Text.RegularExpressions;
using CtSeg.Infrastructure.Tests.Bicep;

namespace CtSeg.Infrastructure.Tests.Checks;

/// <summary>Every role is one of <c>roles.json</c>, at the narrowest scope that there is; wider ones stand there with their reason.</summary>
internal sealed partial class RolesCheck : TemplateCheck
{
    /// <summary>Where models must be signed.</summary>
    private const string Signed = "signed";

    /// <summary>Where the functions are a container app.</summary>
    private const string Contained = "container";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    // A role on one of these reaches no further than one container, queue, program or picture.
    private static readonly string[] Narrow =
    [
        "Microsoft.Storage/storageAccounts/blobServices/containers", "Microsoft.Storage/storageAccounts/queueServices/queues", "Microsoft.ServiceBus/namespaces/queues",
        "Microsoft.ContainerRegistry/registries", "Microsoft.Insights/components", "Microsoft.KeyVault/vaults/secrets",
    ];

    public override async Task<IReadOnlyList<string>> FindAsync(Template template)
    {
        var roles = Read(template);
        var named = roles.Names.Where(role => role.Id is not null).ToDictionary(role => role.Id!, role => role.Name, StringComparer.Ordinal);
        return await ForEachAsync(template, deployment =>
        {
            var allowed = roles.Grants.Where(grant => IsGivenIn(deployment, grant)).Select(grant => (grant.Program, grant.Scope, grant.Role)).ToHashSet();
            // Of a role of our own the id differs by environment; the name in front of it does not.
            foreach (var own in deployment.OfType("Microsoft.Authorization/roleDefinitions"))
                named[own.Name] = own.Text("properties", "roleName")!.Split(" (")[0];
            var given = deployment.OfType("Microsoft.Authorization/roleAssignments").Select(role => Read(role, named)).ToList();
            var missing = allowed.Except(given.Select(grant => (grant.Program, grant.Scope, grant.Role)));
            return Differing(deployment, roles).Concat(given.Where(grant => !allowed.Contains((grant.Program, grant.Scope, grant.Role))).Select(grant => $"{grant.Program} is given '{grant.Role}' on {grant.Scope}, which roles.json does not know."))
                .Concat(missing.Select(grant => $"{grant.Program} is not given '{grant.Role}' on {grant.Scope}."))
                .Concat(given.Where(grant => !Narrow.Contains(grant.ScopeType) && !roles.Grants.Any(known => known.Program == grant.Program && known.Scope == grant.Scope && known.Reason is { Length: > 20 }))
                    .Select(grant => $"{grant.Program}: '{grant.Role}' reaches over {grant.ScopeType} without a reason in roles.json."));
        });
    }

    private static bool IsGivenIn(Deployment deployment, Grant grant) => grant.Only switch
    {
        null => true,
        Signed => deployment.OfType("Microsoft.KeyVault/vaults").Any(),
        Contained => deployment.OfType("Microsoft.App/containerApps").Any(),
        var form => form == deployment.Parameters,
    };

    /// <summary>The actions of our own role, by which tests judge what programs do.</summary>
    private static IEnumerable<string> Differing(Deployment deployment, Roles roles)
    {
        const string Blobs = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/";
        foreach (var own in deployment.OfType("Microsoft.Authorization/roleDefinitions"))
        {
            var known = roles.Names.Single(role => role.Id is null && own.Text("properties", "roleName")!.StartsWith($"{role.Name} (", StringComparison.Ordinal)).Blobs!;
            var actions = own.At("properties", "permissions", "0", "dataActions")!.Value.EnumerateArray().Select(action => action.GetString()!.Replace(Blobs, "", StringComparison.Ordinal)).ToList();
            if (!known.ToHashSet(StringComparer.Ordinal).SetEquals(actions))
                yield return $"{own.Text("properties", "roleName")} allows {string.Join(", ", actions)}, of which roles.json knows {string.Join(", ", known)}.";
        }
    }

    public static Roles Read(Template template) => JsonSerializer.Deserialize<Roles>(template.Read("roles.json"), Json)!;

    private static (string Program, string Scope, string Role, string ScopeType) Read(Resource assignment, Dictionary<string, string> named)
    {
        var scope = assignment.Id[..assignment.Id.IndexOf("/providers/Microsoft.Authorization/", StringComparison.Ordinal)];
        var parts = scope.Split("/providers/")[^1].Split('/');
        var type = string.Join('/', parts.Where((_, index) => index == 0 || index % 2 == 1));
        var principal = assignment.Text("properties", "principalId")!;
        var program = Module().Match(principal) is { Success: true } match ? match.Groups["module"].Value.Replace("Identity", "", StringComparison.Ordinal)
            : principal.Contains("systemTopics", StringComparison.Ordinal) ? "events" : BicepCompiler.Groups.FirstOrDefault(group => group.Value == principal).Key ?? principal;
        var role = assignment.Text("properties", "roleDefinitionId")!.Split('/')[^1];
        return (program, ScopeOf(parts), named.GetValueOrDefault(role, role), type);
    }

    /// <summary>By what it is for, since names of accounts and registries differ.</summary>
    private static string ScopeOf(string[] parts) => (parts[0], parts[1]) switch
    {
        ("Microsoft.ContainerRegistry", _) => "registry",
        ("Microsoft.Insights", _) => "telemetry",
        ("Microsoft.KeyVault", _) when parts.Length == 3 => "vault",
        _ when parts.Length == 3 => parts[2].StartsWith("sthost", StringComparison.Ordinal) ? "host" : parts[2],
        _ => parts[^1],
    };

    [GeneratedRegex(@"format\('(?<module>\w+)-\{0\}'", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Module();

    internal sealed record Roles(IReadOnlyList<RoleName> Names, IReadOnlyList<Grant> Grants);

    /// <param name="Id">Null for the role of our own, whose id differs by environment.</param>
    /// <param name="Blobs">What it allows with blobs; null for roles on other things.</param>
    internal sealed record RoleName(string Name, string? Id = null, IReadOnlyList<string>? Blobs = null);

    /// <param name="Reason">Why it reaches further than one container, queue or program.</param>
    /// <param name="Only">The parameters with which it is given, <see cref="Signed"/> or <see cref="Contained"/>; null for all.</param>
    internal sealed record Grant(string Program, string Scope, string Role, string? Reason = null, string? Only = null);
}
