using System.Reflection;
using CtSeg.Contracts;

namespace CtSeg.Shared.Tests.Contracts;

/// <summary>Running code creates nothing: what the page leaves out would be missing in Azure.</summary>
public sealed class InfrastructurePageTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(RepositoryRoot(), "infra-bicep", "README.md"));

    public static TheoryData<string> Names => [.. Containers.All, .. Queues.All, .. ConstantsOf(typeof(StorageQueues)), .. ConstantsOf(typeof(Connections)), .. ConstantsOf(typeof(Settings))];

    [Theory]
    [MemberData(nameof(Names))]
    public void Given_ANameThatCodeReliesOn_When_TheInfrastructureIsDescribed_Then_ItIsThere(string name) => Page.ShouldContain($"`{name}`", Case.Sensitive);

    /// <summary>Values that a setting has where nothing is set are none.</summary>
    private static IEnumerable<string> ConstantsOf(Type names) => names.GetFields(BindingFlags.Public | BindingFlags.Static)
        .Where(field => field.IsLiteral && field.FieldType == typeof(string) && !field.Name.StartsWith("Default", StringComparison.Ordinal))
        .Select(field => (string)field.GetRawConstantValue()!);

    private static string RepositoryRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Serverless.sln")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("The tests run outside the repository.");
    }
}
