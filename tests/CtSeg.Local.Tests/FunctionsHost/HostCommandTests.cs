using CtSeg.Local.FunctionsHost;

namespace CtSeg.Local.Tests.FunctionsHost;

public sealed class HostCommandTests
{
    [Fact]
    public async Task Given_AKeyFileThatIsNotThere_When_Started_Then_ItIsUnusableAndNothingIsThrown()
    {
        var folder = Directory.CreateTempSubdirectory("ctseg-host-");
        try
        {
            var parsed = HostCommand.Create(serviceBus: null).Parse(["--app", folder.FullName, "--key-file", Path.Combine(folder.FullName, "none")]);

            (await parsed.InvokeAsync(cancellationToken: TestContext.Current.CancellationToken)).ShouldBe(ExitCodes.Unusable);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
