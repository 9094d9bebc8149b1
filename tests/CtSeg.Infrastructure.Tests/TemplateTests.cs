using CtSeg.Infrastructure.Tests.Bicep;
using CtSeg.Infrastructure.Tests.Checks;

namespace CtSeg.Infrastructure.Tests;

public sealed class TemplateTests
{
    public static TheoryData<string> Checks => [.. TemplateCheck.All.Select(check => check.GetType().Name)];

    public static TheoryData<string> Files =>
        [.. Directory.GetFiles(Template.OfRepository.Folder, "*.bicep", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(Template.OfRepository.Folder, file))];

    public static TheoryData<string> Parameters => [.. Template.OfRepository.Parameters];

    [Theory]
    [MemberData(nameof(Checks))]
    public async Task Given_TheTemplate_When_Checked_Then_NothingIsFound(string check)
    {
        Assert.SkipWhen(BicepCompiler.Missing is not null, BicepCompiler.Missing ?? "");
        (await TemplateCheck.All.Single(one => one.GetType().Name == check).FindAsync(Template.OfRepository)).ShouldBeEmpty();
    }

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Given_AFile_When_Linted_Then_NothingIsSaid(string file)
    {
        Assert.SkipWhen(BicepCompiler.Missing is not null, BicepCompiler.Missing ?? "");
        var (code, output, said) = await BicepCompiler.RunAsync(Template.OfRepository.Folder, new Dictionary<string, string>(), "lint", file);
        (code, output, said).ShouldBe((0, "", ""));
    }

    [Theory]
    [MemberData(nameof(Parameters))]
    public async Task Given_Parameters_When_Foretold_Then_ItIsTheCommittedSnapshot(string parameters)
    {
        Assert.SkipWhen(BicepCompiler.Missing is not null, BicepCompiler.Missing ?? "");
        var (code, output, said) = await Template.OfRepository.SnapshotAsync(parameters, "validate");
        code.ShouldBe(0, $"run bicep snapshot on {parameters}.bicepparam as docs/deploy.md says, and look at the difference: {output}{said}");
    }
}
