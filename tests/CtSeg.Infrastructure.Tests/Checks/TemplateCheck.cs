using CtSeg.Infrastructure.Tests.Bicep;

namespace CtSeg.Infrastructure.Tests.Checks;

/// <summary>Looks for one kind of mistake.</summary>
internal abstract class TemplateCheck
{
    public static readonly IReadOnlyList<TemplateCheck> All =
    [
        new NamesCheck(), new QueuesCheck(), new SettingsCheck(), new SecretsCheck(), new AccessCheck(), new RolesCheck(), new ScalingCheck(), new AllowedValuesCheck(),
        new HooksCheck(), new AlertsCheck(), new KeptDataCheck(), new LintCheck(), new UploadsCheck(), new SigningCheck(), new BindingsCheck(), new OutputsCheck(),
    ];

    /// <returns>A sentence for each mistake.</returns>
    public abstract Task<IReadOnlyList<string>> FindAsync(Template template);

    /// <summary>Runs a look over what every parameter file deploys.</summary>
    protected static async Task<IReadOnlyList<string>> ForEachAsync(Template template, Func<Deployment, IEnumerable<string>> look)
    {
        var found = new List<string>();
        foreach (var parameters in template.Parameters)
            found.AddRange(look(await template.DeploymentAsync(parameters)).Select(problem => $"{parameters}: {problem}"));
        return found;
    }
}
