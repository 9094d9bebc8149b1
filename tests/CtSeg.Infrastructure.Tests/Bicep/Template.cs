using CtSeg.Local.Stack;
using StreamJsonRpc;

namespace CtSeg.Infrastructure.Tests.Bicep;

/// <summary>The folder of Bicep files, or a copy of it with a change.</summary>
internal sealed class Template : IDisposable
{
    private static readonly Lazy<Template> Repository = new(() => new Template(Checkout.Find().Root, isCopy: false, ["dev", "prod", "private", "container"]));
    private readonly bool _isCopy;
    private readonly Dictionary<string, Task<Deployment>> _deployments = [];

    private Template(string root, bool isCopy, IReadOnlyList<string> parameters) => (Root, _isCopy, Parameters) = (root, isCopy, parameters);

    /// <summary>Parameters of the template that follows after the functions, with subscriptions of their webhooks.</summary>
    public const string Subscriptions = "event-subscriptions";

    /// <value>Names of the system's parameter files without their endings: every one is looked at.</value>
    public IReadOnlyList<string> Parameters { get; }

    /// <value>Folder above <c>infra-bicep</c>.</value>
    public string Root { get; }

    public string Folder => Path.Combine(Root, "infra-bicep");

    public static Template OfRepository => Repository.Value;

    /// <summary>A copy in which a text of a file is replaced.</summary>
    /// <param name="parameters">The one parameter file that is looked at.</param>
    public static Template With(string file, string text, string other, string parameters = "private")
    {
        var root = Directory.CreateTempSubdirectory("ctseg-bicep-").FullName;
        foreach (var source in Directory.GetFiles(OfRepository.Folder, "*", SearchOption.AllDirectories).Append(Path.Combine(OfRepository.Root, "azure.yaml")))
        {
            var target = Path.Combine(root, Path.GetRelativePath(OfRepository.Root, source));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(source, target);
        }
        return new Template(root, isCopy: true, [parameters]).And(file, text, other);
    }

    /// <summary>Replaces a text of one more file of a copy, before anything is foretold of it.</summary>
    public Template And(string file, string text, string other)
    {
        var path = Path.Combine(Folder, file);
        var before = File.ReadAllText(path);
        before.ShouldContain(text, customMessage: $"the mistake in {file} no longer fits the file");
        File.WriteAllText(path, before.Replace(text, other, StringComparison.Ordinal));
        return this;
    }

    public string Read(string file) => File.ReadAllText(Path.Combine(Folder, file));

    /// <returns>Paths of all files that the compiler reads, in the folder.</returns>
    public IReadOnlyList<string> BicepFiles() =>
        [.. Directory.GetFiles(Folder, "*.bicep*", SearchOption.AllDirectories).Where(file => Path.GetExtension(file) is ".bicep" or ".bicepparam").Select(file => Path.GetRelativePath(Folder, file)).Order(StringComparer.Ordinal)];

    /// <param name="parameters">Name of a parameter file without its ending.</param>
    /// <exception cref="RemoteInvocationException">It does not compile.</exception>
    public Task<Deployment> DeploymentAsync(string parameters)
    {
        lock (_deployments)
            return _deployments.TryGetValue(parameters, out var known) ? known : _deployments[parameters] = ForetellAsync(parameters);
    }

    public void Dispose()
    {
        if (_isCopy)
            Directory.Delete(Root, recursive: true);
    }

    private async Task<Deployment> ForetellAsync(string parameters) =>
        Deployment.Parse(parameters, await BicepCompiler.ForetellAsync(Path.Combine(Folder, $"{parameters}.bicepparam"), parameters == Subscriptions ? "rg-ctseg" : null));
}
