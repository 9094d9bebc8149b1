using static TorchSharp.torch;

namespace CtSeg.TrainingJob.Attention.Fused;

/// <summary>The engine for the CPU: 32-bit floats, on the tensors' own memory, all cores, gradients by an autograd function.</summary>
internal sealed class FusedLshAttention : autograd.SingleTensorFunction<FusedLshAttention>
{
    public override string Name => nameof(FusedLshAttention);

    /// <inheritdoc cref="LshAttention.Attend"/>
    public static Tensor Attend(Tensor query, Tensor value, Tensor buckets, int chunkLength)
    {
        using var scope = NewDisposeScope();
        var (q, v, b) = (TokenRows.Of(query), TokenRows.Of(value), buckets.contiguous());
        if (is_grad_enabled() && (q.requires_grad || v.requires_grad))
            return apply(q, v, b, chunkLength).MoveToOuterDisposeScope();
        return Forward(q, v, b, chunkLength).Output.MoveToOuterDisposeScope();
    }

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (query, value, buckets, chunkLength) = ((Tensor)vars[0], (Tensor)vars[1], (Tensor)vars[2], (int)vars[3]);
        var (output, state) = Forward(query, value, buckets, chunkLength);
        ctx.save_for_backward([query, value, buckets, output, state]);
        ctx.save_data("chunkLength", chunkLength);
        return output;
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using var scope = NewDisposeScope();
        var saved = ctx.get_saved_variables();
        var (query, value, buckets, output, state) = (saved[0], saved[1], saved[2], saved[3], saved[4]);
        var chunkLength = (int)ctx.get_data("chunkLength");
        var flowing = grad_output.contiguous();
        var (ofQuery, ofValue) = (empty(query.shape), empty(value.shape));
        var constants = empty_like(state);
        var parallel = HelperThreads.Parallel();
        using var order = BucketOrder.Create(buckets, chunkLength, parallel);
        var problem = new AttentionProblem(new TokenRows(query, nameof(query)), new TokenRows(value, nameof(value)), order, chunkLength, parallel);
        var inputs = new BackwardInputs(
            new TokenRows(output, nameof(output)), new TokenRows(state, nameof(state)), new TokenRows(flowing, nameof(grad_output)),
            new TokenRows(constants, nameof(constants)));
        new BackwardPass(problem, inputs, new TokenRows(ofQuery, nameof(ofQuery)), new TokenRows(ofValue, nameof(ofValue))).Run();
        GC.KeepAlive(flowing);
        GC.KeepAlive(constants);
        GC.KeepAlive(saved);
        return [ofQuery.MoveToOuterDisposeScope(), ofValue.MoveToOuterDisposeScope(), null!, null!];
    }

    private static (Tensor Output, Tensor State) Forward(Tensor query, Tensor value, Tensor buckets, int chunkLength)
    {
        var output = empty(value.shape);
        // Sequence after sequence: what a pass reads of it is small enough for the caches.
        var state = empty([query.size(0) * query.size(2), query.size(1), 1, 2], ScalarType.Float32);
        var parallel = HelperThreads.Parallel();
        using var order = BucketOrder.Create(buckets, chunkLength, parallel);
        var problem = new AttentionProblem(new TokenRows(query, nameof(query)), new TokenRows(value, nameof(value)), order, chunkLength, parallel);
        if (!new ForwardPass(problem, new TokenRows(output, nameof(output)), new TokenRows(state, nameof(state))).TryRun())
            throw NonFiniteInputException.Find(query, value)!;
        GC.KeepAlive(query);
        GC.KeepAlive(value);
        return (output, state);
    }
}
