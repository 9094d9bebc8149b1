using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace CtSeg.Functions.Tests;

/// <summary>The built handler as a process of its own, in the environment that a host gives it.</summary>
public sealed class HandlerProcessTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(25);

    [Theory]
    [InlineData("FUNCTIONS_CUSTOMHANDLER_PORT")]
    [InlineData("FUNCTIONS_HTTPWORKER_PORT")]
    public async Task Given_EnvironmentOfTheBaseImage_When_Started_Then_AnswersAtTheHostsPort(string portSetting)
    {
        var port = FreePort();
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "ctseg-functions")) { UseShellExecute = false };
        start.Environment.Remove("FUNCTIONS_CUSTOMHANDLER_PORT");
        start.Environment[portSetting] = port.ToString(CultureInfo.InvariantCulture);
        start.Environment["SlicesStorage"] = "UseDevelopmentStorage=true";
        foreach (var (name, value) in Handler.HostSettings)
            start.Environment[name] = value;
        // What the base image sets for the host, and the handler inherits: another address, a folder that is not its own.
        start.Environment["ASPNETCORE_URLS"] = $"http://127.0.0.1:{FreePort()}";
        start.Environment["ASPNETCORE_CONTENTROOT"] = Path.Combine(AppContext.BaseDirectory, "no-such-folder");
        using var process = Process.Start(start).ShouldNotBeNull();
        try
        {
            (await ProbeAsync(process, port)).ShouldBe("{}");
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
        }
    }

    private static async Task<string> ProbeAsync(Process process, int port)
    {
        using var client = new HttpClient();
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Handler.Stop);
        deadline.CancelAfter(Deadline);
        while (true)
        {
            try
            {
                return await client.GetStringAsync(new Uri($"http://127.0.0.1:{port}/"), deadline.Token);
            }
            catch (HttpRequestException) when (!process.HasExited)
            {
                await Task.Delay(Step, TimeProvider.System, deadline.Token);
            }
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
