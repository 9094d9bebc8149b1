using System.Globalization;
using CtSeg.Contracts;
using CtSeg.Infrastructure.Tests.Bicep;

namespace CtSeg.Infrastructure.Tests.Checks;

/// <summary>Each job waits for its own queue, starts from nothing, and has enough messages for a batch when one more is started; what nothing would wake does not sleep.</summary>
internal sealed class ScalingCheck : TemplateCheck
{
    private static readonly Dictionary<string, (string Queue, string Command)> Jobs = new()
    {
        ["job-segmentation"] = (Queues.SegmentationRequests, "consume"),
        ["job-retraining"] = (Queues.TrainingRequests, "retrain"),
    };

    public override Task<IReadOnlyList<string>> FindAsync(Template template) => ForEachAsync(template, deployment =>
        Jobs.SelectMany(job => Look(deployment, job.Key, job.Value.Queue, job.Value.Command))
            .Concat(deployment.OfType("Microsoft.App/containerApps").Where(app => app.Text("properties", "template", "scale", "minReplicas") is null or "0")
                .Select(app => $"{app.Name} sleeps, and no rule wakes it for timers and queues.")));

    private static IEnumerable<string> Look(Deployment deployment, string name, string queue, string command)
    {
        if (deployment.OfType("Microsoft.App/jobs").SingleOrDefault(job => job.Name.StartsWith(name, StringComparison.Ordinal)) is not { } job)
        {
            yield return $"There is no {name}.";
            yield break;
        }
        if (job.Text("properties", "configuration", "triggerType") != "Event")
            yield return $"{name} is not started by events.";
        string[] scale = ["properties", "configuration", "eventTriggerConfig", "scale"];
        if (job.Text([.. scale, "minExecutions"]) != "0")
            yield return $"{name} costs money while nothing waits.";
        if (job.Text([.. scale, "rules", "0", "type"]) != "azure-servicebus" || job.Text([.. scale, "rules", "0", "metadata", "queueName"]) != queue)
            yield return $"{name} does not wait for the queue {queue}.";
        if (job.Text([.. scale, "rules", "0", "identity"]) != job.Text("properties", "configuration", "registries", "0", "identity"))
            yield return $"The scaler of {name} asks with another identity than that of the job.";
        if (job.Text([.. scale, "rules", "0", "metadata", "namespace"]) is not { } space || deployment.OfType("Microsoft.ServiceBus/namespaces").Single().Name != space)
            yield return $"The scaler of {name} looks at another namespace.";
        var profiles = deployment.OfType("Microsoft.App/managedEnvironments").SelectMany(environment => environment.At("properties", "workloadProfiles")!.Value.EnumerateArray())
            .Select(profile => profile.GetProperty("name").GetString());
        if (!profiles.Contains(job.Text("properties", "workloadProfileName")))
            yield return $"{name} asks for the workload profile {job.Text("properties", "workloadProfileName")}, which the environment does not have.";
        string[] arguments = [.. job.At("properties", "template", "containers", "0", "args")!.Value.EnumerateArray().Select(argument => argument.GetString()!)];
        if (arguments.FirstOrDefault() != command)
            yield return $"{name} runs '{arguments.FirstOrDefault()}', not {command}.";
        var messages = int.Parse(job.Text([.. scale, "rules", "0", "metadata", "messageCount"])!, CultureInfo.InvariantCulture);
        if (command == "consume" && (Array.IndexOf(arguments, "--batch") is not (> 0 and var at) || messages % int.Parse(arguments[at + 1], CultureInfo.InvariantCulture) != 0))
            yield return $"{name}: {messages} messages for an execution are no whole batches.";
        if (command == "retrain" && messages != 1)
            yield return $"{name}: one request is one run, but it waits for {messages}.";
        if (int.Parse(job.Text("properties", "configuration", "replicaTimeout")!, CultureInfo.InvariantCulture) < 600)
            yield return $"{name} is ended before it has drained its queue.";
    }
}
