using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Security.Cryptography.X509Certificates;
using CtSeg.Local.Identity;
using CtSeg.Local.ServiceBus;
using Microsoft.Extensions.Logging.Abstractions;

namespace CtSeg.ServiceBus.Tests;

/// <summary>Microsoft's JavaScript client against the emulator that takes tokens only, over TLS.</summary>
public sealed class IdentityJudgeTests : IDisposable
{
    private static readonly string Folder = typeof(IdentityJudgeTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == "JudgeFolder").Value!;

    private readonly string _files = Directory.CreateTempSubdirectory("ctseg-judge-").FullName;
    private readonly LocalCertificate _certificate;
    private readonly TokenIssuer _issuer = new(TimeSpan.FromMinutes(5), TimeProvider.System);

    public IdentityJudgeTests() => _certificate = LocalCertificate.Create(_files, TimeProvider.System);

    public void Dispose()
    {
        _issuer.Dispose();
        _certificate.Dispose();
        Directory.Delete(_files, recursive: true);
    }

    [Fact]
    public async Task Given_ATokenOfTheIssuer_When_MicrosoftsClientSends_Then_ItIsLetIn() =>
        (await JudgeAsync(_issuer.Issue("https://servicebus.azure.net").Value)).ShouldBe("ok");

    [Fact]
    public async Task Given_ATokenForStorage_When_MicrosoftsClientSends_Then_ItFindsItselfUnauthorized() =>
        (await JudgeAsync(_issuer.Issue("https://storage.azure.com").Value)).ShouldBe("UnauthorizedAccess");

    [Fact]
    public async Task Given_AForgedToken_When_MicrosoftsClientSends_Then_ItFindsItselfUnauthorized()
    {
        var token = _issuer.Issue("https://servicebus.azure.net").Value;
        (await JudgeAsync(token[..^5] + (token[^5] == 'A' ? 'B' : 'A') + token[^4..])).ShouldBe("UnauthorizedAccess");
    }

    private async Task<string> JudgeAsync(string token)
    {
        using var certificate = X509Certificate2.CreateFromPemFile(_certificate.File, _certificate.KeyFile);
        var options = new ServiceBusEmulatorOptions(new([new("jobs")])) { RequiredIssuer = _issuer.Trust, Certificate = certificate };
        await using var emulator = await ServiceBusEmulator.StartAsync(options, TimeProvider.System, NullLogger.Instance, TestContext.Current.CancellationToken);
        var node = Environment.GetEnvironmentVariable("CTSEG_NODE") is { Length: > 0 } given ? given : "node";
        var start = new ProcessStartInfo(node, ["identity.mjs", emulator.Port.ToString(CultureInfo.InvariantCulture)])
        {
            WorkingDirectory = Folder, RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false,
        };
        start.Environment["NODE_EXTRA_CA_CERTS"] = _certificate.TrustFile;
        using var process = Process.Start(start)!;
        await process.StandardInput.WriteAsync(token);
        process.StandardInput.Close();
        var said = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return said.Trim();
    }
}
