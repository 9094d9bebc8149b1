using System.CommandLine;
using System.Runtime.CompilerServices;
using CtSeg.Local.FunctionsHost;

namespace CtSeg.Local.Tests.FunctionsHost;

/// <summary>Lets the test executable be started as the host command, so that signals go to a process of its own.</summary>
internal static class HostCommandEntry
{
    [ModuleInitializer]
    internal static void RunWhereAsked()
    {
        if (Environment.GetEnvironmentVariable("CTSEG_TEST_HOST_COMMAND") != "1")
            return;
        RootCommand root = new("Test entry of the host command.") { HostCommand.Create(_ => new FakeServiceBus()) };
        Environment.Exit(root.Parse(Environment.GetCommandLineArgs()[1..]).Invoke(new InvocationConfiguration { ProcessTerminationTimeout = null }));
    }
}
