using CtSeg.Configuration;
using CtSeg.Infrastructure.Tests.Bicep;

namespace CtSeg.Infrastructure.Tests.Checks;

/// <summary>Where models must be signed, the retraining job can sign, and nobody else: its key comes from a vault, by its identity.</summary>
internal sealed class SigningCheck : TemplateCheck
{
    public override Task<IReadOnlyList<string>> FindAsync(Template template) => ForEachAsync(template, deployment =>
    {
        var jobs = deployment.OfType("Microsoft.App/jobs").ToList();
        var trusting = jobs.Where(job => SettingIn(job, SettingCatalogue.TrustedModelKeys.Name, "value") is not null).ToList();
        var found = new List<string>();
        if (deployment.Parameters is "prod" or "private" && trusting.Count == 0)
            found.Add("No key is trusted here, so that this check would look at nothing.");
        if (trusting.Count > 0 && trusting.Count < jobs.Count)
            found.Add("One job trusts keys and the other does not.");
        foreach (var job in jobs)
        {
            var signs = job.Name.StartsWith("job-retraining", StringComparison.Ordinal) && trusting.Count > 0;
            var secret = SettingIn(job, SettingCatalogue.ModelSigningKey.Name, "secretRef");
            if (signs != secret is not null || SettingIn(job, SettingCatalogue.ModelSigningKey.Name, "value") is not null)
                found.Add(signs ? $"{job.Name} gets no key from a vault to sign with, so that nightly runs are skipped." : $"{job.Name} gets the signing key, which it does not need.");
            if (signs && secret is not null && !IsInVault(job, secret))
                found.Add($"{job.Name}: the secret '{secret}' does not come from a vault by the job's identity.");
        }
        found.AddRange(deployment.OfType("Microsoft.KeyVault/vaults").SelectMany(Lost));
        return found;
    });

    private static bool IsInVault(Resource job, string secret) =>
        job.At("properties", "configuration", "secrets") is { } secrets && secrets.EnumerateArray().Any(one =>
            one.GetProperty("name").GetString() == secret && one.TryGetProperty("keyVaultUrl", out _)
            && one.GetProperty("identity").GetString() == job.Text("properties", "configuration", "registries", "0", "identity"));

    private static IEnumerable<string> Lost(Resource vault) =>
        new[] { "enablePurgeProtection", "enableRbacAuthorization", "enableSoftDelete" }.Where(property => vault.Text("properties", property) != "true").Select(property => $"{vault.Name}: {property} is off.");

    private static string? SettingIn(Resource job, string name, string kind) =>
        job.At("properties", "template", "containers", "0", "env")!.Value.EnumerateArray().Where(setting => setting.GetProperty("name").GetString() == name)
            .Select(setting => setting.TryGetProperty(kind, out var value) ? value.GetString() : null).SingleOrDefault();
}
